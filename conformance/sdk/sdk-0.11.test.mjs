// @jellyfin/sdk 0.11: Streamyfin has it, among others. It says who it is only where a token is needed: an app adds the
// header to Initiate and to the exchange, keeps the token, and signs in and out through the Api itself.
import { Jellyfin } from 'jellyfin-sdk-0.11';
import { RecommendedServerInfoScore as Score } from 'jellyfin-sdk-0.11/lib/models/recommended-server-info.js';
import { getActivityLogApi } from 'jellyfin-sdk-0.11/lib/utils/api/activity-log-api.js';
import { getApiKeyApi } from 'jellyfin-sdk-0.11/lib/utils/api/api-key-api.js';
import { getConfigurationApi } from 'jellyfin-sdk-0.11/lib/utils/api/configuration-api.js';
import { getDevicesApi } from 'jellyfin-sdk-0.11/lib/utils/api/devices-api.js';
import { getQuickConnectApi } from 'jellyfin-sdk-0.11/lib/utils/api/quick-connect-api.js';
import { getSessionApi } from 'jellyfin-sdk-0.11/lib/utils/api/session-api.js';
import { getSystemApi } from 'jellyfin-sdk-0.11/lib/utils/api/system-api.js';
import { getUserApi } from 'jellyfin-sdk-0.11/lib/utils/api/user-api.js';
import { administration } from './administration.mjs';
import { scenarios } from './scenarios.mjs';

const introduced = (api) => ({ headers: { Authorization: api.authorizationHeader } });

const signIn = (api) => ({
  authenticateUserByName: ({ authenticateUserByName: { Username, Pw } }) => api.authenticateUserByName(Username, Pw),
  authenticateWithQuickConnect: async (secret) => {
    const answer = await getUserApi(api).authenticateWithQuickConnect(secret, introduced(api));
    api.accessToken = answer.data.AccessToken;
    return answer;
  },
});

// replaced is an API of which some operations are others.
const replaced = (original, operations) => new Proxy(original, {
  get: (target, name) => operations[name] ?? target[name].bind(target),
});

const sdk = {
  Jellyfin,
  Score,
  score: Score.GREAT,
  activity: getActivityLogApi,
  configuration: getConfigurationApi,
  devices: getDevicesApi,
  keys: getApiKeyApi,
  quickConnect: (api) => replaced(getQuickConnectApi(api), {
    initiateQuickConnect: () => getQuickConnectApi(api).initiateQuickConnect(introduced(api)),
  }),
  session: (api) => replaced(getSessionApi(api), { reportSessionEnded: () => api.logout() }),
  signIn,
  system: getSystemApi,
  user: getUserApi,
};

scenarios(sdk);
administration(sdk);
