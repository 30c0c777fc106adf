'use strict';
// Row: Artillery's ws engine. The scenario calls `live`, then thinks for the rest of the run; the
// work per event is done in this processor, as the engine itself waits for one answer at a time.

const { threadId } = require('worker_threads');
const { StompxDevice } = require('./stompx.js');

const channels = Number(process.env.BENCH_CHANNELS);
let number = 0;

function live(context, emitter, next) {
  number += 1;
  const channel = 1 + (number % channels);
  const device = new StompxDevice(`device-${threadId}-${number}`, channel, (latencyNs) =>
    emitter.emit('histogram', 'delivery', latencyNs / 1e6));
  context.ws.on('message', (data) => {
    for (const frame of device.receive(data.toString())) {
      context.ws.send(frame);
    }
  });
  context.ws.send(device.opening());
  next();
}

module.exports = { live };
