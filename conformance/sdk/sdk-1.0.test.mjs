// @jellyfin/sdk 1.0: the sign-in operations and the keys are in one API, and the configuration and the log are in that of
// the system. It speaks WebSocket itself.
import { Jellyfin } from '@jellyfin/sdk';
import { RecommendedServerInfoScore as Score } from '@jellyfin/sdk/lib/models/recommended-server-info.js';
import { getAuthenticationApi } from '@jellyfin/sdk/lib/utils/api/authentication-api.js';
import { getDeviceApi } from '@jellyfin/sdk/lib/utils/api/device-api.js';
import { getSessionApi } from '@jellyfin/sdk/lib/utils/api/session-api.js';
import { getSystemApi } from '@jellyfin/sdk/lib/utils/api/system-api.js';
import { getUserApi } from '@jellyfin/sdk/lib/utils/api/user-api.js';
import { administration } from './administration.mjs';
import { scenarios } from './scenarios.mjs';

const sdk = {
  Jellyfin,
  Score,
  score: Score.GOOD, // it counts itself API version 13
  activity: getSystemApi,
  configuration: getSystemApi,
  devices: getDeviceApi,
  keys: getAuthenticationApi,
  quickConnect: getAuthenticationApi,
  session: getSessionApi,
  signIn: getAuthenticationApi,
  subscribes: true,
  system: getSystemApi,
  user: getUserApi,
};

scenarios(sdk);
administration(sdk);
