// Drives the vendor's own SDK against a server and prints what it saw as one JSON object.
//
//   node scenario.mjs DIALECT PACKAGES_FOLDER HOST:PORT API_KEY
//
// Alice, in a chat session with all ten handlers, is the observer; bob acts; carol is a member who
// never enters. Nothing is judged here.
import { createRequire, register } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [dialect, packages, host, apiKey] = process.argv.slice(2);
const DEADLINE_MS = 10_000;

register('./hooks.mjs', import.meta.url);
globalThis.WebSocket = createRequire(join(packages, 'package.json'))('ws').WebSocket;

const entry = { 1: 'esm/index.js', 2: 'dist/index.mjs' }[dialect];
const url = pathToFileURL(join(packages, 'node_modules/@chatkitty/core', entry)).href;

// A module instance for each device: dialect 2 keeps one client for each API key in its module.
const device = async (name, key = apiKey) => {
  const sdk = await import(`${url}?device=${name}`);
  return dialect === '1'
    ? new sdk.ChatKitty({ apiKey: key, host, isSecure: false })
    : sdk.getSdkClient(key, { $environment: { host, secure: false } });
};

const until = async (what, holds) => {
  const deadline = Date.now() + DEADLINE_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`never happened: ${what}`);
    await new Promise((wake) => setTimeout(wake, 20));
  }
};

const within = (what, promise) =>
  Promise.race([
    promise,
    new Promise((_, fail) =>
      setTimeout(() => fail(new Error(`no answer: ${what}`)), DEADLINE_MS).unref(),
    ),
  ]);

const HANDLERS = [
  'onMessageReceived',
  'onKeystrokesReceived',
  'onTypingStarted',
  'onTypingStopped',
  'onParticipantEnteredChat',
  'onParticipantLeftChat',
  'onParticipantPresenceChanged',
  'onMessageUpdated',
  'onChannelUpdated',
  'onMessageRead',
];

// Starts a chat session and waits until it is live, which the SDK does not tell: an event of our
// own comes back once the topics are subscribed.
const enter = async (kitty, channel, handled) => {
  let probes = 0;
  const handlers = { onEventTriggered: () => (probes += 1) };
  for (const name of HANDLERS) {
    handlers[name] = (...values) => (handled[name] ??= []).push(values);
  }
  const { session } = kitty.startChatSession({ channel, ...handlers });
  await until('chat session live', async () => {
    await kitty.triggerEvent({ channel, type: 'probe', properties: {} });
    return probes > 0;
  });
  return session;
};

const play = async () => {
  const report = { handled: {}, notifications: [], errors: {} };
  const handled = report.handled;
  const start = async (name, key) => {
    const kitty = await device(name, key);
    const result = await within(`session of ${name}`, kitty.startSession({ username: name }));
    return [kitty, result];
  };

  const [alice, aliceStarted] = await start('alice');
  const [bob] = await start('bob');
  const [carol] = await start('carol');
  report.session = aliceStarted.session?.user;
  bob.onNotificationReceived((notification) => report.notifications.push(notification));

  const members = [{ username: 'bob' }, { username: 'carol' }];
  const created = await within(
    'create channel',
    alice.createChannel({ type: 'PUBLIC', name: 'lobby', members, properties: { a: 1 } }),
  );
  const channel = created.channel;
  report.channel = channel;
  const seenByBob = (await within('channel', bob.retrieveChannel(channel.id))).channel;

  await enter(alice, channel, handled);
  const session = await enter(bob, seenByBob, {});
  await until('bob entered', () => handled.onParticipantEnteredChat);

  const body = 'hello: \\ 1 é😀\nsecond line';
  const sent = await within('message', bob.sendMessage({ channel: seenByBob, body }));
  report.sent = sent.message;
  await until('message', () => handled.onMessageReceived?.length === 1);
  const reply = await within('reply', bob.sendMessage({ message: sent.message, body: 'reply' }));
  report.reply = reply.message;
  await until('reply', () => handled.onMessageReceived.length === 2);

  bob.sendKeystrokes({ channel: seenByBob, keys: 'how are' });
  await until('keystrokes', () => handled.onKeystrokesReceived);
  await until('typing stopped', () => handled.onTypingStopped);

  const received = handled.onMessageReceived[0][0];
  await within('read', alice.readMessage({ message: received }));
  await until('message read', () => handled.onMessageRead);
  await within('edit', bob.editMessage({ message: sent.message, body: 'edited' }));
  await until('message updated', () => handled.onMessageUpdated);
  const changed = { ...seenByBob, displayName: 'New name' };
  report.updated = (await within('update', bob.updateChannel({ channel: changed }))).channel;
  await until('channel updated', () => handled.onChannelUpdated);
  report.reaction = (
    await within('react', alice.reactToMessage({ message: received, emoji: '👍' }))
  ).reaction;

  await within('end of carol', carol.endSession());
  await until('carol offline', () => handled.onParticipantPresenceChanged);

  session.end();
  await until('bob left', () => handled.onParticipantLeftChat);
  const late = await within('late', alice.sendMessage({ channel, body: 'are you there?' }));
  report.late = late.message;
  await until('notification', () => report.notifications.length > 0);

  const listed = await within('list', alice.listMessages({ channel }));
  report.listed = listed.paginator.items.map((message) => message.body);
  const channels = await within('channels', bob.listChannels({ filter: { joined: true } }));
  report.channels = channels.paginator.items.map((item) => item.name);
  report.unread = (await within('unread', bob.countUnreadMessages())).count;

  const missing = await within('missing channel', alice.retrieveChannel(999_999));
  report.errors.missingChannel = missing.error;
  const ghost = { ...sent.message, _actions: { ...sent.message._actions } };
  ghost._actions.edit = ghost._actions.edit.replace(/\d+\.edit/, '999999.edit');
  const failed = await within('failed', bob.editMessage({ message: ghost, body: 'x' }));
  report.errors.missingMessage = failed.error;
  const [, refused] = await start('dave', 'wrong key');
  report.errors.wrongKey = refused.error;

  await within('end of bob', bob.endSession());
  await within('end of alice', alice.endSession());
  return report;
};

play().then(
  (report) => {
    process.stdout.write(JSON.stringify(report), () => process.exit(0));
  },
  (error) => {
    process.stderr.write(`${error.stack}\n`, () => process.exit(1));
  },
);
