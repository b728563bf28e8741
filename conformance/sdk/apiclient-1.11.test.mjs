// jellyfin-apiclient 1.11: the web client's library before the SDK, still in its releases up to 10.11 and in many apps. It
// shows a saved token in the legacy header X-MediaBrowser-Token, and it asks for a code with GET.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ben, kids, server } from './people.mjs';

// A browser, as far as the library looks.
const storage = new Map();
const localStorage = {
  getItem: (key) => storage.get(key) ?? null,
  setItem: (key, value) => storage.set(key, value),
  removeItem: (key) => storage.delete(key),
};
for (const [name, value] of Object.entries({ window: globalThis, self: globalThis, localStorage, WebSocket: undefined })) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}
console.log = console.debug = () => {}; // it tells everything
const { ApiClient, ConnectionManager, Credentials } = (await import('jellyfin-apiclient')).default;
// What it does after a sign-in is none.
ApiClient.prototype.reportCapabilities = async () => {};
Object.defineProperty(ApiClient.prototype, 'enableAutomaticBitrateDetection', { get: () => false, set: () => {} });

// connect is an app that starts on a device: what it saved there before, it finds again.
async function connect(device) {
  const manager = new ConnectionManager(new Credentials(device), 'Jellyfin Web', '10.8.0', device, device, {});
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
