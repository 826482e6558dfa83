# What `helm test` does: asks each component for what players need of it, and takes a seat for a moment.
set -eu

get() { curl --silent --show-error --fail --insecure --max-time 10 --retry 5 --retry-all-errors "$@"; }
said() { echo "ok: $*"; }

if [ -n "$ROUTER" ]; then
    get "$ROUTER" | grep -qi '<html'
    said "the router shows the page"
fi
if [ -n "$PLAYER" ]; then
    get "$PLAYER/" | grep -qi '<html'
    said "the player page is there"
fi
get "$PROXY/readyz" >/dev/null
said "the proxy is ready"

sessions=$MATCHMAKER/api/v1/sessions
session=$(get --json "{\"fleet\": \"$FLEET\"}" "$sessions" | jq --raw-output .session)
trap 'get --request DELETE "$sessions/$session" >/dev/null' EXIT
said "fleet $FLEET takes players"
until=$(($(date +%s) + DEADLINE))
until state=$(get "$sessions/$session" | jq --raw-output .state) && [ "$state" = reserved ]; do
    if [ "$(date +%s)" -ge "$until" ]; then
        echo "no stream of fleet $FLEET was free within $DEADLINE s: the session is $state" >&2
        exit 1
    fi
    sleep 1
done
said "a stream gave its seat"
