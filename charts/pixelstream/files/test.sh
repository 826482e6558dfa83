# What `helm test` does: asks each component for what players need of it, and takes a seat for a moment.
set -eu

get() { curl --silent --show-error --fail --insecure --max-time 10 --retry 5 --retry-all-errors "$@"; }
said() { echo "ok: $*"; }
failed() {
    echo "failed: $*" >&2
    exit 1
}

if [ -n "$ROUTER" ]; then
    get "$ROUTER" | grep -i '<html' >/dev/null || failed "the router shows no page"
    said "the router shows the page"
fi
if [ -n "$PLAYER" ]; then
    get "$PLAYER/" | grep -i '<html' >/dev/null || failed "no player page"
    said "the player page is there"
fi
for service in "$PROXY" "$MATCHMAKER" $TURN_API; do
    get "$service/healthz" >/dev/null
    get "$service/readyz" >/dev/null
    said "$service is alive and ready"
done

if [ -n "$TURN_API" ]; then
    key=$(head -n 1 /etc/pixelstream/keys/control-key)
    relays=$(get --header "Authorization: Bearer $key" "$TURN_API/?session=helm-test" |
        jq '[.iceServers[] | select(.username and .credential) | .urls[] | select(startswith("turn"))] | length')
    [ "$relays" -gt 0 ] || failed "turn-api knows no TURN relay"
    said "turn-api gives credentials for $relays TURN addresses"
fi

# The answer to a websocket's handshake, and the first frame behind it; then the time is over.
notice=$(curl --silent --no-buffer --http1.1 --max-time 3 --output - "$MATCHMAKER/ws?fleet=$FLEET&handoff=1" \
    --header "Connection: Upgrade" --header "Upgrade: websocket" --header "Sec-WebSocket-Version: 13" \
    --header "Sec-WebSocket-Key: aGVsbSB0ZXN0IGtleSAxNg==" | tr -d '\000' || true)
case "$notice" in
*'"type":"matchmaker"'*) said "the waiting room told of a place in it" ;;
*) failed "the waiting room said nothing: $notice" ;;
esac

sessions=$MATCHMAKER/api/v1/sessions
session=$(get --json "{\"fleet\": \"$FLEET\"}" "$sessions" | jq --raw-output .session)
trap 'get --request DELETE "$sessions/$session" >/dev/null' EXIT
said "fleet $FLEET takes players"
until=$(($(date +%s) + DEADLINE))
until state=$(get "$sessions/$session" | jq --raw-output .state) && [ "$state" = reserved ]; do
    [ "$(date +%s)" -lt "$until" ] ||
        failed "no stream of fleet $FLEET was free within $DEADLINE s: the session is $state"
    sleep 1
done
said "a stream gave its seat"
