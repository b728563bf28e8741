// What an administrator's screens and a signed-in app do with Jellyfin's TypeScript SDK beyond signing in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anna, ben, refused, server } from './people.mjs';
import { Socket } from './socket.mjs';

const id = /^[0-9a-f]{32}$/;

export function administration(sdk) {
  const jellyfin = (device, name = device) =>
    new sdk.Jellyfin({ clientInfo: { name: 'Administration', version: '1.0.0' }, deviceInfo: { name, id: device } });
  const signedIn = async (device, { name, password }) => {
    const api = jellyfin(device).createApi(server);
    await sdk.signIn(api).authenticateUserByName({ authenticateUserByName: { Username: name, Pw: password } });
    return api;
  };
  const me = async (api) => (await sdk.user(api).getCurrentUser()).data;
  // user makes a user with that name.
  const user = async (api, name, password) =>
    (await sdk.user(api).createUserByName({ createUserByName: { Name: name, Password: password } })).data;

  test('an administrator makes, changes and deletes a user', async () => {
    const admin = await signedIn('admin-users', anna);
    const users = sdk.user(admin);
    const made = await user(admin, 'dora', 'first word');
    assert.match(made.Id, id);
    assert.deepEqual([made.Name, made.HasPassword, made.Policy.IsAdministrator], ['dora', true, false]);
    await assert.rejects(user(admin, 'Dora', 'x'), refused(400));

    const dora = await signedIn('doras-phone', { name: 'dora', password: 'first word' });
    await assert.rejects(user(dora, 'emil', 'x'), refused(403));

    await users.updateUser({ userId: made.Id, userDto: { ...made, Name: 'Dora Zwei' } });
    assert.equal((await me(dora)).Name, 'Dora Zwei');

    await users.updateUserPolicy({ userId: made.Id, userPolicy: { ...made.Policy, EnableContentDownloading: false, MaxActiveSessions: 3 } });
    const { data: changed } = await users.getUserById({ userId: made.Id });
    assert.deepEqual(changed.Policy, { ...made.Policy, EnableContentDownloading: false, MaxActiveSessions: 3 });

    await sdk.user(dora).updateUserConfiguration({ userConfiguration: { ...made.Configuration, SubtitleMode: 'Always' } });
    assert.equal((await me(dora)).Configuration.SubtitleMode, 'Always');

    await assert.rejects(sdk.user(dora).updateUserPassword({ updateUserPassword: { CurrentPw: 'wrong', NewPw: 'second word' } }), refused(403));
    await sdk.user(dora).updateUserPassword({ updateUserPassword: { CurrentPw: 'first word', NewPw: 'second word' } });
    await assert.rejects(signedIn('doras-tablet', { name: 'dora zwei', password: 'first word' }), refused(401));
    const again = await signedIn('doras-tablet', { name: 'dora zwei', password: 'second word' });

    await users.updateUserPolicy({ userId: made.Id, userPolicy: { ...made.Policy, IsDisabled: true } });
    await assert.rejects(me(again));
    await users.updateUserPolicy({ userId: made.Id, userPolicy: made.Policy });

    await users.deleteUser({ userId: made.Id });
    await assert.rejects(users.getUserById({ userId: made.Id }), refused(404));
    await assert.rejects(signedIn('doras-phone', { name: 'dora zwei', password: 'second word' }), refused(401));
    const { data: left } = await users.getUsers();
    assert.ok(left.every(({ Name }) => Name !== 'Dora Zwei'));
  });

  test('an administrator sees, renames and deletes a device', async () => {
    const admin = await signedIn('admin-devices', anna);
    const radio = await signedIn('radio/1 "+"', ben);
    const devices = sdk.devices(admin);
    const listed = async () => (await devices.getDevices()).data.Items.find(({ Id }) => Id === 'radio/1 "+"');
    assert.deepEqual([(await listed()).AppName, (await listed()).LastUserName], ['Administration', ben.name]);

    await devices.updateDeviceOptions({ id: 'radio/1 "+"', deviceOptionsDto: { CustomName: 'Küchenradio' } });
    assert.equal((await devices.getDeviceOptions({ id: 'radio/1 "+"' })).data.CustomName, 'Küchenradio');
    assert.equal((await devices.getDeviceInfo({ id: 'radio/1 "+"' })).data.CustomName, 'Küchenradio');
    assert.equal((await listed()).CustomName, 'Küchenradio');

    await assert.rejects(sdk.devices(radio).getDevices(), refused(403));
    await devices.deleteDevice({ id: 'radio/1 "+"' });
    assert.equal(await listed(), undefined);
    await assert.rejects(me(radio), refused(401));
  });

  test('a program lives on an API key, until it is revoked', async () => {
    const admin = await signedIn('admin-keys', anna);
    const keys = sdk.keys(admin);
    await keys.createKey({ app: 'Küchen-Skript & Co' });
    const { data } = await keys.getKeys();
    const { AccessToken } = data.Items.find(({ AppName }) => AppName === 'Küchen-Skript & Co');
    const script = jellyfin('script').createApi(server, AccessToken);
    assert.ok((await sdk.user(script).getUsers()).data.some(({ Name }) => Name === ben.name));
    assert.equal((await sdk.system(script).getSystemInfo()).data.ProductName, 'Jellyfin Server');

    await assert.rejects(sdk.keys(await signedIn('bens-keys', ben)).getKeys(), refused(403));
    await keys.revokeKey({ key: AccessToken });
    await assert.rejects(sdk.user(script).getUsers(), refused(401));
  });

  test('a session tells what its device can do', async () => {
    const api = await signedIn('capable', ben);
    const mine = async () => {
      const { data } = await sdk.session(api).getSessions({ deviceId: 'capable' });
      assert.equal(data.length, 1);
      return data[0];
    };
    await sdk.session(api).postCapabilities({ playableMediaTypes: ['Audio', 'Video'], supportedCommands: ['Mute', 'GoHome'], supportsMediaControl: true });
    let { PlayableMediaTypes, SupportedCommands, Capabilities, UserName } = await mine();
    assert.deepEqual([PlayableMediaTypes, SupportedCommands, Capabilities.SupportsMediaControl, UserName],
      [['Audio', 'Video'], ['Mute', 'GoHome'], true, ben.name]);

    await sdk.session(api).postFullCapabilities({ clientCapabilitiesDto: { PlayableMediaTypes: ['Photo'], SupportedCommands: [], SupportsMediaControl: false } });
    ({ PlayableMediaTypes, SupportedCommands, Capabilities } = await mine());
    assert.deepEqual([PlayableMediaTypes, SupportedCommands, Capabilities.SupportsMediaControl], [['Photo'], [], false]);
  });

  test('an administrator reads the activity log', async () => {
    const admin = await signedIn('admin-log', anna);
    const { data } = await sdk.activity(admin).getLogEntries({ limit: 5 });
    assert.ok(data.Items.length > 0 && data.Items.length <= 5 && data.TotalRecordCount >= data.Items.length);
    await assert.rejects(sdk.activity(await signedIn('bens-log', ben)).getLogEntries(), refused(403));
  });

  test('a socket keeps alive, tells sessions, and ends with the token', { timeout: 30_000 }, async () => {
    const admin = await signedIn('admin-socket', anna);
    const socket = new Socket(new WebSocket(`${server.replace('http', 'ws')}/socket?ApiKey=${admin.accessToken}`));
    const { Data } = await socket.next('ForceKeepAlive');
    assert.ok(Data >= 10 && Data <= 600);
    socket.send('KeepAlive');
    assert.match((await socket.next('KeepAlive')).MessageId, id);

    socket.send('SessionsStart', '0,500');
    await signedIn('somebody-new', ben);
    for (;;) { // the first list may be from before
      const { Data: sessions } = await socket.next('Sessions');
      if (sessions.some(({ DeviceId }) => DeviceId === 'somebody-new')) break;
    }
    socket.send('SessionsStop');
    await sdk.session(admin).reportSessionEnded();
    // A gateway cuts the connection: what it carries is between the app and the Jellyfin.
    assert.ok([1000, 1005, process.env.UPSTREAM ? 1006 : 1008].includes(await socket.closed));
  });

  // The SDK speaks WebSocket itself from 1.0 on.
  if (sdk.subscribes) {
    test('the SDK subscribes to sessions', { timeout: 30_000 }, async () => {
      const admin = await signedIn('admin-subscribed', anna);
      let stop;
      const told = new Promise((resolve) => {
        stop = admin.subscribe(['Sessions'], ({ Data }) => {
          if (Data.some(({ DeviceId }) => DeviceId === 'subscribed-to')) resolve(Data);
        });
      });
      await signedIn('subscribed-to', ben);
      const sessions = await told;
      assert.ok(sessions.every(({ Id, UserId }) => id.test(Id) && id.test(UserId)));
      stop();
      admin.update({ accessToken: '' }); // ends its connection
    });
  }
}
