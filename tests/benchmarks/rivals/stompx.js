'use strict';
// A device of dialect 2 as a careful user would write it for Node; the twin of stompx.py.
// Texts in, texts out: start-up as the SDK's, then per event head, JSON, latency, ACK.

const { randomUUID } = require('crypto');

const USER_TOPICS = [
  'self', 'elements', 'features', 'styles', 'channels', 'messages', 'readReceipts',
  'notifications', 'contacts', 'participants', 'users', 'reactions', 'threads', 'calls',
];
const CHANNEL_TOPICS = [
  'messages', 'keystrokes', 'typing', 'participants', 'readReceipts', 'reactions', 'events',
  'members', 'blockRecords', 'moderators',
];

const bare = (destination) =>
  `SUBSCRIBE\nid:subscription-id-${randomUUID()}\ndestination:${destination}\n\n\0`;

const topic = (destination) =>
  `SUBSCRIBE\nid:subscription-id-${randomUUID()}\nreceipt:receipt-${randomUUID()}\n` +
  `ack:client-individual\ndestination:${destination}\n\n\0`;

// Yields what to send and how many answers to wait for; takes the body of the last answer.
function* startUp(name, channel) {
  yield [[
    `CONNECT\nStompX-User:${name}\nStompX-User-Agent:ChatKitty-ChatUI/2.106.2\n` +
    'accept-version:1.2\nheart-beat:60000,10000\n\n\0',
  ], 1];
  const user = JSON.parse(yield [[bare('/application/user.relay')], 1]).resource._topics;
  const writeGrant = bare('/application/user.write_file_access_grant.relay');
  yield [[bare('/user/queue/errors'), writeGrant], 1];
  yield [[bare('/application/user.read_file_access_grant.relay')], 1];
  yield [USER_TOPICS.map((each) => topic(user[each])), USER_TOPICS.length];
  const body = yield [[bare(`/application/channels/${channel}.relay`)], 1];
  const topics = JSON.parse(body).resource._topics;
  yield [[topic(topics.self)], 1];
  yield [CHANNEL_TOPICS.map((each) => topic(topics[each])), CHANNEL_TOPICS.length];
}

class StompxDevice {
  // `record` takes the latency of each message in nanoseconds.
  constructor(name, channel, record) {
    this.isActive = false;
    this.record = record;
    this.missing = 0;
    this.script = startUp(name, channel);
  }

  opening() {
    return this.advance(undefined)[0];
  }

  receive(text) {
    const end = text.indexOf('\n\n');
    const lines = text.slice(0, end).split('\n');
    const headers = {};
    for (let i = 1; i < lines.length; i++) {
      const colon = lines[i].indexOf(':');
      headers[lines[i].slice(0, colon)] = lines[i].slice(colon + 1);
    }
    const body = text.slice(end + 2, -1);
    if (lines[0] === 'MESSAGE' && headers.ack !== undefined) {
      this.takeEvent(JSON.parse(body));
      return [`ACK\nid:${headers.ack}\nsubscription:${headers.subscription}\n\n\0`];
    }
    this.missing -= 1;
    return this.missing > 0 || this.script === null ? [] : this.advance(body);
  }

  takeEvent(event) {
    const nowNs = Number(process.hrtime.bigint());
    if (event.type === 'channel.message.created') {
      this.record(nowNs - event.resource.properties.loadtest[4]);
    }
  }

  advance(answer) {
    const { value, done } = this.script.next(answer);
    if (done) {
      this.script = null;
      this.isActive = true;
      return [];
    }
    this.missing = value[1];
    return value[0];
  }
}

module.exports = { StompxDevice };
