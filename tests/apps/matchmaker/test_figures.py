"""The metrics say what is so, under the names of the original and under our own."""

from __future__ import annotations

from tests.support.matchmaking import house
from tests.support.streams import FakeStream


async def test_every_series_is_there_before_anything_has_happened() -> None:
    async with house() as here:
        await here.until_figure('pixelstream_streams_wanted{fleet="default"}', 1)
        figures = await here.figures()
        for name in (
            "matchmaker_player_socket_connections",
            "matchmaker_player_queue_count",
            "matchmaker_streamer_available_count",
            "matchmaker_streamer_demand_ratio",
            "matchmaker_streamer_connections",
            'matchmaker_sessions{state="waiting"}',
            'matchmaker_sessions{state="away"}',
            'matchmaker_match_failures_total{reason="claim_timeout"}',
            'matchmaker_joins_refused_total{reason="queue_full"}',
            'matchmaker_sessions_released_total{reason="no_show"}',
            'matchmaker_link_faults_total{reason="malformed"}',
            'matchmaker_pod_writes_total{result="failed"}',
            "matchmaker_pods_pending",
            'matchmaker_queue_length{fleet="default"}',
            "matchmaker_wait_estimate_error_seconds_count",
        ):
            assert figures[name] == 0, name


async def test_the_gauges_of_the_original_have_right_values() -> None:
    streams = FakeStream("a"), FakeStream("b"), FakeStream("c", ready=False)
    async with house(
        *streams, settings="fleets: [{name: default, buffer: 2, minimum: 1, maximum: 9}]"
    ) as here:
        await here.until_figure("matchmaker_streamer_available_count", 2)
        players = [await here.visit() for _ in range(3)]
        await players[0].seated()
        await players[1].seated()
        await here.until_figure("matchmaker_player_queue_count", 1)
        await here.until_figure("matchmaker_streamer_available_count", 0)
        figures = await here.figures()
        assert figures["matchmaker_player_socket_connections"] == 3
        assert figures["matchmaker_joined_connections"] == 2
        assert figures["matchmaker_streamer_connections"] == 3
        assert figures["matchmaker_streamer_demand_ratio"] == 1.5
        assert figures['pixelstream_streams_wanted{fleet="default"}'] == 2 + 1 + 2
        assert figures['matchmaker_sessions{state="connected"}'] == 2
        assert figures['matchmaker_wait_seconds_count{fleet="default"}'] == 2


async def test_demand_without_a_ready_stream_is_one_more_than_there_are_players() -> None:
    async with house() as here:
        await (await here.visit()).waiting()
        await here.until_figure("matchmaker_streamer_demand_ratio", 2)


async def test_the_error_of_the_estimate_is_kept() -> None:
    stream = FakeStream("s", seats=6)
    async with house(stream) as here:
        for player in [await here.visit() for _ in range(6)]:
            await player.seated()
        stream.seats = 1
        for session in list(stream.held)[:5]:
            stream.free(session, seconds=1.0)
        late = await here.visit()
        assert (await late.waiting())["estimate"] is not None
        stream.free(next(iter(stream.held)), seconds=2.0)
        await late.matched()
        figures = await here.figures()
        assert figures["matchmaker_wait_estimate_error_seconds_count"] == 1
        assert figures["matchmaker_wait_estimate_ratio_count"] == 1


async def test_a_sessions_end_is_counted_by_its_reason_and_length() -> None:
    stream = FakeStream("s")
    async with house(stream) as here:
        await (await here.visit()).seated()
        await here.until_figure('matchmaker_sessions{state="connected"}', 1)
        stream.free(next(iter(stream.held)), seconds=100.0)
        await here.until_figure('matchmaker_sessions_released_total{reason="left"}', 1)
        assert (await here.figures())["matchmaker_session_seconds_sum"] == 100.0
