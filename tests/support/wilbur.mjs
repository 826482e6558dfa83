/*
 * An unmodified signalling server, as far as players, streamers and `--rest_api` go: on Epic's own protocol
 * library, since Epic publishes that one and not the server. `node wilbur.mjs MAX_PLAYERS REST`; prints the
 * ports of players and streamers, which it chooses. The trap: like Epic's it never asks who comes.
 */
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { WebSocketServer } = require('ws');
const { MessageHelpers, Messages, SignallingProtocol, WebSocketTransportNJS } = require(
  '@epicgames-ps/lib-pixelstreamingcommon-ue5.7',
);

const [maxPlayers, rest] = process.argv.slice(2).map(Number);
const streamers = new Map();
const players = new Map();
let lastPlayer = 0;

const make = (type, fields) => MessageHelpers.createMessage(type, fields);
const config = () => make(Messages.config, { peerConnectionOptions: {} });
const subscribers = (streamer) => [...players.values()].filter((player) => player.streamer === streamer);
const shown = ({ id, streamer }) => ({ playerId: id, type: 'Player', subscribedTo: streamer?.id });

const answers = {
  '/api/streamers': () =>
    [...streamers.values()].map((streamer) => ({
      streamerId: streamer.id,
      type: 'Streamer',
      streaming: streamer.streaming,
      subscribers: subscribers(streamer).map(shown),
    })),
  '/api/players': () => [...players.values()].map(shown),
  '/api/status': () => ({ uptime: 1, streamer_count: streamers.size, player_count: players.size }),
};

function listen(connected) {
  const http = createServer((request, response) => {
    const answer = rest ? answers[request.url] : undefined;
    response.writeHead(answer ? 200 : 404, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(answer ? answer() : { message: 'not found' }));
  });
  new WebSocketServer({ server: http }).on('connection', (ws) => {
    connected(new SignallingProtocol(new WebSocketTransportNJS(ws)));
  });
  return new Promise((done) => http.listen(0, '127.0.0.1', () => done(http.address().port)));
}

function onStreamer(protocol) {
  const streamer = { id: '', streaming: false, protocol };
  protocol.on(Messages.endpointId.typeName, (message) => {
    streamer.id = message.id;
    streamer.streaming = true;
    streamers.set(streamer.id, streamer);
    protocol.sendMessage(make(Messages.endpointIdConfirm, { committedId: streamer.id }));
  });
  for (const type of ['offer', 'answer', 'iceCandidate']) {
    protocol.on(type, (message) => players.get(message.playerId)?.protocol.sendMessage(message));
  }
  protocol.transport.on('close', () => {
    for (const player of subscribers(streamer)) player.streamer = null;
    streamers.delete(streamer.id);
  });
  protocol.sendMessage(make(Messages.identify));
  protocol.sendMessage(config());
}

function onPlayer(protocol) {
  const player = { id: `Player${lastPlayer++}`, streamer: null, protocol };
  players.set(player.id, player);
  protocol.on(Messages.listStreamers.typeName, () => {
    protocol.sendMessage(make(Messages.streamerList, { ids: [...streamers.keys()] }));
  });
  protocol.on(Messages.subscribe.typeName, (message) => {
    const streamer = streamers.get(message.streamerId);
    if (!streamer || (maxPlayers && subscribers(streamer).length >= maxPlayers)) {
      protocol.sendMessage(make(Messages.subscribeFailed, { message: 'no' }));
      return;
    }
    player.streamer = streamer;
    const fields = { playerId: player.id, dataChannel: true, sfu: false };
    streamer.protocol.sendMessage(make(Messages.playerConnected, fields));
  });
  for (const type of ['offer', 'answer', 'iceCandidate']) {
    protocol.on(type, (message) => {
      message.playerId = player.id;
      player.streamer?.protocol.sendMessage(message);
    });
  }
  protocol.transport.on('close', () => {
    players.delete(player.id);
    if (player.streamer) {
      player.streamer.protocol.sendMessage(make(Messages.playerDisconnected, { playerId: player.id }));
    }
  });
  protocol.sendMessage(config());
}

const ports = [await listen(onPlayer), await listen(onStreamer)];
console.log(ports.join(' '));
