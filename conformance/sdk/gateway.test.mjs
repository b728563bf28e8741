// An app made with @jellyfin/sdk 1.0 at a gateway in front of a Jellyfin with media: it signs in both ways, plays, listens, and is
// signed out in the middle of a film.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Jellyfin } from '@jellyfin/sdk';
import { getAuthenticationApi } from '@jellyfin/sdk/lib/utils/api/authentication-api.js';
import { getDeviceApi } from '@jellyfin/sdk/lib/utils/api/device-api.js';
import { getSessionApi } from '@jellyfin/sdk/lib/utils/api/session-api.js';
import { getUserApi } from '@jellyfin/sdk/lib/utils/api/user-api.js';
import { anna, ben, refused, server } from './people.mjs';
import { Socket } from './socket.mjs';

const behind = process.env.UPSTREAM; // the Jellyfin itself
const jellyfin = (device) =>
  new Jellyfin({ clientInfo: { name: 'Küche, "Radio"', version: '1.2.3' }, deviceInfo: { name: device, id: device } });
const signedIn = async (device, { name, password }) => {
  const api = jellyfin(device).createApi(server);
  await getAuthenticationApi(api).authenticateUserByName({ authenticateUserByName: { Username: name, Pw: password } });
  return api;
};
const byQuickConnect = async (device, approver) => {
  const api = jellyfin(device).createApi(server);
  const authentication = getAuthenticationApi(api);
  const { data: { Code, Secret } } = await authentication.initiateQuickConnect();
  assert.equal((await authentication.getQuickConnectState({ secret: Secret })).data.Authenticated, false);
  await getAuthenticationApi(approver).authorizeQuickConnect({ code: Code });
  assert.equal((await authentication.getQuickConnectState({ secret: Secret })).data.Authenticated, true);
  await authentication.authenticateWithQuickConnect({ quickConnectDto: { Secret } });
  return api;
};
const me = async (api) => (await getUserApi(api).getCurrentUser()).data.Name;
const atJellyfin = (api) => jellyfin(api.deviceInfo.id).createApi(behind, api.accessToken);
// dead waits until the Jellyfin has ended a token, which is told to it after the gateway has.
const dead = async (api) => {
  for (;;) {
    try {
      await me(api);
    } catch (error) {
      return refused(401)(error);
    }
    await new Promise((again) => { setTimeout(again, 20); });
  }
};
const url = (api, path) => api.getUri(path, { ApiKey: api.accessToken });

for (const [way, signIn] of [
  ['by password', (device) => signedIn(device, ben)],
  ['by Quick Connect', async (device) => byQuickConnect(device, await signedIn(`${device}-approver`, ben))],
]) {
  test(`signed in ${way}, an app plays and listens until it is revoked`, { timeout: 60_000 }, async () => {
    const device = `telly ${way}`;
    const api = await signIn(device);
    assert.match(api.accessToken, /^[0-9a-f]{32}$/);
    assert.equal(await me(api), ben.name);
    assert.equal(await me(atJellyfin(api)), ben.name); // it is the Jellyfin's own token
    const { data: [session] } = await getSessionApi(api).getSessions({ deviceId: device });
    assert.deepEqual([session.Client, session.DeviceName, session.ApplicationVersion], ['Küche, "Radio"', device, '1.2.3']);

    const part = await fetch(url(api, '/Videos/1/stream'), { headers: { Range: 'bytes=80-95' } });
    assert.deepEqual([part.status, await part.text()], [206, '0000050 0000058 ']);
    const list = await (await fetch(url(api, '/Videos/1/main.m3u8'))).text();
    const segment = list.split('\n').find((line) => line && !line.startsWith('#'));
    assert.equal((await (await fetch(new URL(segment, `${server}/Videos/1/`))).arrayBuffer()).byteLength, 1880);

    const socket = new Socket(new WebSocket(url(api, '/socket').replace('http', 'ws')));
    await socket.next('ForceKeepAlive');
    socket.send('KeepAlive');
    await socket.next('KeepAlive');
    const told = new Promise((resolve) => { // over a socket of its own
      api.subscribe(['Sessions'], ({ Data }) => { if (Data.some(({ DeviceId }) => DeviceId === `new ${way}`)) resolve(); });
    });
    await signedIn(`new ${way}`, ben);
    await told;

    const film = await fetch(url(api, '/Videos/1/live'));
    const reader = film.body.getReader();
    for (let bytes = 0; bytes < 1 << 18;) bytes += (await reader.read()).value.byteLength;
    const cut = assert.rejects(async () => { while (!(await reader.read()).done); });
    const admin = await signedIn(`admin ${way}`, anna);
    await getDeviceApi(admin).deleteDevice({ id: device });
    await cut;
    await socket.closed;
    await assert.rejects(me(api), refused(401));
    await dead(atJellyfin(api));
    api.update({ accessToken: '' }); // ends the socket of its own
    assert.equal(await me(admin), anna.name);
    assert.equal(await me(await signIn(device)), ben.name); // and the device may come again
  });
}

test('old ways to send a token go on working', async () => {
  const api = await signedIn('old app', ben);
  const said = api.authorizationHeader;
  for (const [query, headers] of [
    ['', { 'X-Emby-Authorization': said }], ['', { 'X-Emby-Token': api.accessToken }], ['', { 'X-MediaBrowser-Token': api.accessToken }],
    ['', { Authorization: said.replace('MediaBrowser', 'Emby') }], [`?api_key=${api.accessToken}`, {}], [`?ApiKey=${api.accessToken}`, {}],
  ]) {
    for (const prefix of ['', '/emby', '/mediabrowser']) {
      const answer = await fetch(`${server}${prefix}/Users/Me${query}`, { headers });
      assert.deepEqual([answer.status, (await answer.json()).Name], [200, ben.name]);
    }
  }
  const socket = new Socket(new WebSocket(`${server.replace('http', 'ws')}/socket?api_key=${api.accessToken}&deviceId=old%20app`));
  await socket.next('ForceKeepAlive');
  await getSessionApi(api).reportSessionEnded();
  await socket.closed;
});
