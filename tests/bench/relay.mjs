/*
 * The bare relay that the bench compares with: `node relay.mjs PLAYERS_PORT STREAMERS_PORT`.
 *
 * The least that a signalling server must do: greet, name streamers, subscribe players, set the
 * sender's playerId, forward. No logs, metrics, limits, leases, ICE servers or slow peers. The trap:
 * it must do no less than ours for one message (parse, set, serialise), or the ratio means nothing.
 */
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const [playersPort, streamersPort] = process.argv.slice(2).map(Number);
const config = JSON.stringify({ type: 'config', peerConnectionOptions: { iceServers: [] } });
const streamers = new Map();
const players = new Map();
let lastPlayer = 0;

function listen(port, connected) {
  const http = createServer((_, response) => response.end('ok\n'));
  const server = new WebSocketServer({ server: http, perMessageDeflate: false });
  server.on('connection', connected);
  http.listen(port, '127.0.0.1');
}

function send(socket, message) {
  socket.send(JSON.stringify(message));
}

listen(streamersPort, (socket) => {
  let name = null;
  send(socket, { type: 'identify' });
  socket.send(config);
  socket.on('message', (data) => {
    const message = JSON.parse(data);
    if (message.type === 'endpointId') {
      name = message.id;
      streamers.set(name, socket);
      send(socket, { type: 'endpointIdConfirm', committedId: name });
    } else if (message.playerId !== undefined) {
      const player = players.get(message.playerId);
      if (player !== undefined) send(player, message);
    }
  });
  socket.on('close', () => streamers.delete(name));
});

listen(playersPort, (socket) => {
  const playerId = String(++lastPlayer);
  let streamer = null;
  players.set(playerId, socket);
  socket.send(config);
  socket.on('message', (data) => {
    const message = JSON.parse(data);
    if (message.type === 'listStreamers') {
      send(socket, { type: 'streamerList', ids: [...streamers.keys()] });
    } else if (message.type === 'subscribe') {
      streamer = streamers.get(message.streamerId) ?? null;
      if (streamer === null) send(socket, { type: 'subscribeFailed', message: 'no such streamer' });
      else send(streamer, { type: 'playerConnected', playerId, dataChannel: true, sfu: false, sendOffer: true });
    } else if (streamer !== null) {
      message.playerId = playerId;
      send(streamer, message);
    }
  });
  socket.on('close', () => {
    players.delete(playerId);
    if (streamer !== null) send(streamer, { type: 'playerDisconnected', playerId });
  });
});
