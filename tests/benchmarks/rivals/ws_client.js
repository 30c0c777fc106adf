'use strict';
// Row: a plain Node script on the package `ws`.
//   node ws_client.js PORT DEVICES CHANNEL_SIZE     (NODE_PATH names the folder with `ws`)

const { createHistogram } = require('perf_hooks');
const readline = require('readline');
const WebSocket = require('ws');
const { StompxDevice } = require('./stompx.js');

const STARTING_MAX = 64;
const [port, devices, channelSize] = process.argv.slice(2).map(Number);
const latencies = createHistogram();
let started = 0;
let starting = 0;

function startDevices() {
  while (started < devices && starting < STARTING_MAX) {
    startDevice(started++);
  }
}

function startDevice(number) {
  starting += 1;
  const channel = 1 + Math.floor(number / channelSize);
  const device = new StompxDevice(`device-${number}`, channel, (latencyNs) =>
    latencies.record(Math.max(1, latencyNs)));
  const url = `ws://127.0.0.1:${port}/rtm/websocket?api-key=benchmark`;
  const socket = new WebSocket(url, ['v12.stomp'], { perMessageDeflate: false });
  socket.on('open', () => socket.send(device.opening()));
  socket.on('message', (data) => {
    const wasActive = device.isActive;
    for (const frame of device.receive(data.toString())) {
      socket.send(frame);
    }
    if (device.isActive && !wasActive) {
      starting -= 1;
      startDevices();
    }
  });
  socket.on('error', (error) => {
    process.stderr.write(`device ${number}: ${error.message}\n`);
    process.exit(1);
  });
}

process.on('SIGTERM', () => {
  const report = {
    recorded: latencies.count,
    p50_ms: latencies.percentile(50) / 1e6,
    p99_ms: latencies.percentile(99) / 1e6,
  };
  process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
});

readline.createInterface({ input: process.stdin }).once('line', startDevices);
process.stdout.write('ready\n');
