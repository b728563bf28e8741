// What an app does with Jellyfin's TypeScript SDK. The operations have the same names in all its versions, but they move
// from one API to another: a version's test file says which function gives which.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anna, ben, kids, refused, server } from './people.mjs';

const token = /^[0-9a-f]{32}$/;

export function scenarios(sdk) {
  const app = { name: 'Wohnzimmer & "Küche"', version: '1.2.3' };
  const jellyfin = (device, name = device) => new sdk.Jellyfin({ clientInfo: app, deviceInfo: { name, id: device } });
  const client = (device, name) => jellyfin(device, name).createApi(server);

  const signIn = (api, name, password) =>
    sdk.signIn(api).authenticateUserByName({ authenticateUserByName: { Username: name, Pw: password } });
  const signedIn = async (device, { name, password }) => {
    const api = client(device);
    await signIn(api, name, password);
    return api;
  };
  const initiate = async (api) => (await sdk.quickConnect(api).initiateQuickConnect()).data;
  const state = (api, secret) => sdk.quickConnect(api).getQuickConnectState({ secret });
  const approve = (api, code) => sdk.quickConnect(api).authorizeQuickConnect({ code });
  const redeem = (api, secret) => sdk.signIn(api).authenticateWithQuickConnect({ quickConnectDto: { Secret: secret } });
  const whoAmI = async (api) => (await sdk.user(api).getCurrentUser()).data.Name;

  test('the server is found and scored', async () => {
    const { discovery } = jellyfin('finder');
    // As a person types it: the SDK tries https and other ports too.
    const servers = await discovery.getRecommendedServerCandidates(server.replace('http://', ''));
    const best = discovery.findBestServer(servers);
    assert.equal(best?.address, `${server}/`);
    assert.equal(sdk.Score[best.score], sdk.Score[sdk.score]);
    assert.equal(best.systemInfo.ProductName, 'Jellyfin Server');
    assert.equal(best.systemInfo.StartupWizardCompleted, true);
  });

  test('a person signs in by password', async () => {
    const api = client('phone');
    const { data } = await signIn(api, ben.name, ben.password);
    assert.match(data.AccessToken, token);
    assert.equal(api.accessToken, data.AccessToken); // the SDK keeps it
    assert.equal(data.User.Name, ben.name);
    assert.equal(data.User.ServerId, data.ServerId);

    const { data: me } = await sdk.user(api).getCurrentUser();
    assert.deepEqual([me.Name, me.Id], [ben.name, data.User.Id]);
    const { data: info } = await sdk.system(api).getSystemInfo();
    assert.equal(info.Id, data.ServerId);
  });

  test('the device is what it says it is', async () => {
    const api = client('télé/1 "+"', "Anna's télé, 100 % + \"big\"");
    const { data, request } = await signIn(api, anna.name, anna.password);
    assert.equal(request.getHeader('Authorization'), // what was sent
      'MediaBrowser Client="Wohnzimmer%20%26%20%22K%C3%BCche%22", ' +
      'Device="Anna\'s%20t%C3%A9l%C3%A9%2C%20100%20%25%20%2B%20%22big%22", ' +
      'DeviceId="t%C3%A9l%C3%A9%2F1%20%22%2B%22", Version="1.2.3", Token=""');
    const { Client, ApplicationVersion, DeviceId, DeviceName, UserName } = data.SessionInfo;
    assert.deepEqual({ Client, ApplicationVersion, DeviceId, DeviceName, UserName }, {
      Client: app.name, ApplicationVersion: app.version,
      DeviceId: 'télé/1 "+"', DeviceName: "Anna's télé, 100 % + \"big\"", UserName: anna.name,
    });
    const { data: sessions } = await sdk.session(api).getSessions({ deviceId: DeviceId });
    assert.deepEqual(sessions.map((session) => session.DeviceName), [DeviceName]);
  });

  test('whoever has the wrong password stays out', async () => {
    const api = client('stranger');
    await assert.rejects(signIn(api, ben.name, 'wrong'), refused(401));
    await assert.rejects(signIn(api, ben.name, ` ${ben.password}`), refused(401));
    await assert.rejects(signIn(api, 'nobody', ben.password), refused(401));
    assert.equal(api.accessToken, '');
    await assert.rejects(whoAmI(api), refused(401));
  });

  test('the empty password is right for who has none, and for nobody else', async () => {
    for (const empty of ['', undefined, null]) { // the SDK leaves undefined out
      const api = client('tablet');
      await signIn(api, kids.name, empty);
      assert.equal(await whoAmI(api), kids.name);
      for (const { name } of [ben, { name: 'nobody' }]) {
        await assert.rejects(signIn(client('stranger'), name, empty), refused(401));
      }
    }
    await assert.rejects(signIn(client('stranger'), kids.name, 'something'), refused(401));
  });

  test('a new token replaces the older one of that person on that device only', async () => {
    const old = await signedIn('laptop', ben);
    const [tablet, kidsLaptop] = [await signedIn('ben-tablet', ben), await signedIn('laptop', kids)];
    const now = await signedIn('laptop', ben);
    assert.notEqual(now.accessToken, old.accessToken);
    await assert.rejects(whoAmI(old), refused(401));
    assert.deepEqual([await whoAmI(now), await whoAmI(tablet), await whoAmI(kidsLaptop)], [ben.name, ben.name, kids.name]);
  });

  test('who signs out is out', async () => {
    const [api, other] = [await signedIn('radio', ben), await signedIn('kitchen', ben)];
    const kept = api.accessToken;
    const { status } = await sdk.session(api).reportSessionEnded();
    assert.equal(status, 204);
    assert.equal(api.accessToken, ''); // the SDK forgets it
    const again = jellyfin('radio').createApi(server, kept);
    await assert.rejects(whoAmI(again), refused(401));
    await assert.rejects(sdk.system(again).getSystemInfo(), refused(401));
    assert.equal(await whoAmI(other), ben.name);
  });

  test('a person signs in by Quick Connect', async () => {
    const [telly, phone] = [client('telly'), await signedIn('bens-phone', ben)];
    assert.equal((await sdk.quickConnect(telly).getQuickConnectEnabled()).data, true);

    const { Code, Secret, Authenticated, AppName, DeviceId } = await initiate(telly);
    assert.match(Code, /^[0-9]{6}$/);
    assert.deepEqual([Authenticated, AppName, DeviceId], [false, app.name, 'telly']);
    assert.equal((await state(telly, Secret)).data.Authenticated, false);
    await assert.rejects(redeem(telly, Secret), refused(404)); // too early

    await assert.rejects(approve(telly, Code), refused(401)); // by nobody
    assert.equal((await approve(phone, Code)).data, true);
    const { data: approved } = await state(telly, Secret);
    assert.deepEqual([approved.Authenticated, approved.Code, approved.Secret], [true, Code, Secret]);

    const { data } = await redeem(telly, Secret);
    assert.match(data.AccessToken, token);
    assert.notEqual(data.AccessToken, phone.accessToken);
    assert.deepEqual([data.User.Name, data.SessionInfo.DeviceId], [ben.name, 'telly']);
    assert.equal(await whoAmI(telly), ben.name);

    await sdk.session(telly).reportSessionEnded();
    await assert.rejects(whoAmI(jellyfin('telly').createApi(server, data.AccessToken)), refused(401));
    assert.equal(await whoAmI(phone), ben.name);
  });

  test('codes and secrets that nobody was given are good for nothing', async () => {
    const [telly, phone] = [client('telly-2'), await signedIn('bens-phone-2', ben)];
    const { Code, Secret } = await initiate(telly);
    const otherCode = String((Number(Code) + 1) % 1e6).padStart(6, '0');
    const otherSecret = Secret.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'));
    await assert.rejects(approve(phone, otherCode), refused(404));
    await assert.rejects(state(telly, otherSecret), refused(404));
    await approve(phone, Code);
    await assert.rejects(redeem(telly, otherSecret), refused(404));
    await assert.rejects(redeem(telly, Code), refused(404));
  });

  test('an administrator turns Quick Connect off, and on again', async () => {
    const [telly, phone] = [client('telly-3'), await signedIn('annas-phone', anna)];
    const configuration = sdk.configuration(phone);
    const { data: before } = await configuration.getConfiguration();
    const turn = (on) =>
      configuration.updateConfiguration({ serverConfiguration: { ...before, QuickConnectAvailable: on } });
    const { Code, Secret } = await initiate(telly);

    await turn(false);
    assert.equal((await sdk.quickConnect(telly).getQuickConnectEnabled()).data, false);
    await assert.rejects(initiate(telly), refused(401));
    await assert.rejects(state(telly, Secret), refused(401));
    await assert.rejects(approve(phone, Code), refused(401));
    await assert.rejects(redeem(telly, Secret), refused(401));
    assert.equal(await whoAmI(phone), anna.name); // only Quick Connect is off

    await turn(true);
    assert.deepEqual((await configuration.getConfiguration()).data, before);
    await approve(phone, Code);
    await redeem(telly, Secret);
    assert.equal(await whoAmI(telly), anna.name);
  });
}
