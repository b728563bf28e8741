// jellyfin-apiclient 1.11: the web client's library before the SDK, still in its releases up to 10.11 and in many apps. It
// shows a saved token in the legacy header X-MediaBrowser-Token, and it asks for a code with GET.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anna, ben, kids, server } from './people.mjs';
import { Socket } from './socket.mjs';

// The WebSockets that the library opens, newest last.
const sockets = [];
class NotedWebSocket extends WebSocket {
  constructor(url) {
    super(url);
    sockets.push(new Socket(this));
  }
}

// A browser, as far as the library looks.
const storage = new Map();
const localStorage = {
  getItem: (key) => storage.get(key) ?? null,
  setItem: (key, value) => storage.set(key, value),
  removeItem: (key) => storage.delete(key),
};
for (const [name, value] of Object.entries({ window: globalThis, self: globalThis, localStorage, WebSocket: NotedWebSocket })) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}
console.log = console.debug = () => {}; // it tells everything
const { ApiClient, ConnectionManager, Credentials } = (await import('jellyfin-apiclient')).default;
// After a sign-in it reports what it can, and nobody waits for that: a refusal, where the user is gone again, is nobody's.
const report = ApiClient.prototype.reportCapabilities;
ApiClient.prototype.reportCapabilities = function (capabilities) {
  return report.call(this, capabilities).catch(() => {});
};
// It would measure how fast the line is.
Object.defineProperty(ApiClient.prototype, 'enableAutomaticBitrateDetection', { get: () => false, set: () => {} });

// connect is an app that starts on a device: what it saved there before, it finds again.
async function connect(device, capabilities = {}) {
  const manager = new ConnectionManager(new Credentials(device), 'Jellyfin Web', '10.8.0', device, device, capabilities);
  const saved = manager.getSavedServers();
  const result = saved.length
    ? await manager.connectToServers(saved)
    : await manager.connectToAddress(server.replace('http://', '')); // as a person types it
  return { manager, state: result.State, client: result.ApiClient };
}

const refused = (status) => (response) => {
  assert.equal(response?.status, status, `${response}`);
  return true;
};

test('the server is found, and wants a sign-in', async () => {
  const { state, client } = await connect('newcomer');
  assert.equal(state, 'ServerSignIn');
  assert.ok(Array.isArray(await client.getPublicUsers()));
  await assert.rejects(client.authenticateUserByName(ben.name, 'wrong'), refused(401));
  await assert.rejects(client.authenticateUserByName(ben.name, ''), refused(401));
});

test('who has signed in stays signed in, until they sign out', async () => {
  const { client } = await connect('browser');
  await client.authenticateUserByName(ben.name, ben.password);
  assert.equal((await client.getCurrentUser()).Name, ben.name);

  const again = await connect('browser');
  assert.equal(again.state, 'SignedIn');
  assert.equal((await again.client.getSystemInfo()).Id, again.client.serverInfo().Id);

  const saved = storage.get('browser');
  await again.manager.logout();
  storage.set('browser', saved);
  assert.equal((await connect('browser')).state, 'ServerSignIn');
});

test('who has no password signs in without one', async () => {
  const { client } = await connect('tablet');
  await client.authenticateUserByName(kids.name, '');
  assert.equal((await client.getCurrentUser()).Name, kids.name);
});

test('a person signs in by Quick Connect', async () => {
  const [{ client: telly }, { client: phone }] = [await connect('telly'), await connect('phone')];
  await phone.authenticateUserByName(ben.name, ben.password);
  assert.equal(await telly.getQuickConnect('Enabled'), true);
  const { Code, Secret } = await telly.getQuickConnect('Initiate');
  const state = async () => (await telly.getQuickConnect(`Connect?Secret=${Secret}`)).Authenticated;
  assert.equal(await state(), false);
  await phone.ajax({ type: 'POST', url: phone.getUrl('QuickConnect/Authorize', { Code }) });
  assert.equal(await state(), true);
  await telly.quickConnect(Secret);
  assert.equal((await telly.getCurrentUser()).Name, ben.name);
  assert.equal((await connect('telly')).state, 'SignedIn');
});

test('an administrator makes, changes and deletes a user', async () => {
  const { client: admin } = await connect('admin-users');
  await admin.authenticateUserByName(anna.name, anna.password);
  const made = await admin.createUser({ Name: 'dora', Password: 'first word' });
  assert.equal(made.Name, 'dora');
  const { client: dora } = await connect('doras-phone');
  await dora.authenticateUserByName('dora', 'first word');
  await assert.rejects(dora.createUser({ Name: 'emil', Password: 'x' }), refused(403));

  await admin.updateUser({ ...made, Name: 'Dora Zwei' });
  await admin.updateUserPolicy(made.Id, { ...made.Policy, MaxActiveSessions: 3 });
  const changed = await admin.getUser(made.Id);
  assert.deepEqual([changed.Name, changed.Policy.MaxActiveSessions], ['Dora Zwei', 3]);

  await dora.updateUserPassword(made.Id, 'first word', 'second word');
  await assert.rejects(dora.authenticateUserByName('dora zwei', 'first word'), refused(401));
  await admin.resetUserPassword(made.Id);
  await dora.authenticateUserByName('dora zwei', '');

  await admin.deleteUser(made.Id);
  await assert.rejects(admin.getUser(made.Id), refused(404));
  assert.ok((await admin.getUsers()).every(({ Name }) => Name !== 'Dora Zwei'));
});

test('an administrator deletes a device, and a key', async () => {
  const [{ client: admin }, { client: radio }] = [await connect('admin-things'), await connect('radio')];
  await admin.authenticateUserByName(anna.name, anna.password);
  await radio.authenticateUserByName(ben.name, ben.password);
  const options = admin.getUrl('Devices/Options', { Id: 'radio' });
  await admin.ajax({ type: 'POST', url: options, data: JSON.stringify({ CustomName: 'Küchenradio' }), contentType: 'application/json' });
  assert.equal((await admin.getJSON(options)).CustomName, 'Küchenradio');
  await admin.deleteDevice('radio');
  await assert.rejects(radio.getCurrentUser(), refused(401));

  await admin.ajax({ type: 'POST', url: admin.getUrl('Auth/Keys', { App: 'old script' }) });
  const { Items } = await admin.getJSON(admin.getUrl('Auth/Keys'));
  const { AccessToken } = Items.find(({ AppName }) => AppName === 'old script');
  await admin.ajax({ type: 'DELETE', url: admin.getUrl(`Auth/Keys/${AccessToken}`) });
  assert.ok((await admin.getJSON(admin.getUrl('Auth/Keys'))).Items.every(({ AppName }) => AppName !== 'old script'));
});

test('a session tells what its device can do', { timeout: 30_000 }, async () => {
  const { client } = await connect('capable', { PlayableMediaTypes: ['Audio', 'Video'], SupportedCommands: ['Mute', 'GoHome'], SupportsMediaControl: true });
  await client.authenticateUserByName(ben.name, ben.password);
  for (;;) { // it reports by itself, and does not say when it has
    const [session] = await client.getSessions({ deviceId: 'capable' });
    if (session.PlayableMediaTypes.length === 0) continue;
    assert.deepEqual([session.PlayableMediaTypes, session.SupportedCommands, session.Capabilities.SupportsMediaControl], [['Audio', 'Video'], ['Mute', 'GoHome'], true]);
    break;
  }
});

test('its socket keeps alive and tells sessions', { timeout: 30_000 }, async () => {
  const { client: admin } = await connect('admin-socket');
  await admin.authenticateUserByName(anna.name, anna.password);
  admin.ensureWebSocket(); // unless it has opened it by itself
  const socket = sockets.findLast(({ webSocket }) => webSocket.url.includes('deviceId=admin-socket'));
  assert.ok((await socket.next('ForceKeepAlive')).Data >= 10);
  await socket.next('KeepAlive'); // the answer to the library's own
  admin.sendWebSocketMessage('SessionsStart', '0,500');
  const { client: ben2 } = await connect('somebody-new');
  await ben2.authenticateUserByName(ben.name, ben.password);
  for (;;) {
    const { Data } = await socket.next('Sessions');
    if (Data.some(({ DeviceId }) => DeviceId === 'somebody-new')) break;
  }
  await admin.logout();
  await socket.closed;
});
