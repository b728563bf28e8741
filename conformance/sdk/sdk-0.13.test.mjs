// @jellyfin/sdk 0.13: the last one before 1.0, made for Jellyfin 10.11.
import { Jellyfin } from 'jellyfin-sdk-0.13';
import { RecommendedServerInfoScore as Score } from 'jellyfin-sdk-0.13/lib/models/recommended-server-info.js';
import { getActivityLogApi } from 'jellyfin-sdk-0.13/lib/utils/api/activity-log-api.js';
import { getApiKeyApi } from 'jellyfin-sdk-0.13/lib/utils/api/api-key-api.js';
import { getConfigurationApi } from 'jellyfin-sdk-0.13/lib/utils/api/configuration-api.js';
import { getDevicesApi } from 'jellyfin-sdk-0.13/lib/utils/api/devices-api.js';
import { getQuickConnectApi } from 'jellyfin-sdk-0.13/lib/utils/api/quick-connect-api.js';
import { getSessionApi } from 'jellyfin-sdk-0.13/lib/utils/api/session-api.js';
import { getSystemApi } from 'jellyfin-sdk-0.13/lib/utils/api/system-api.js';
import { getUserApi } from 'jellyfin-sdk-0.13/lib/utils/api/user-api.js';
import { administration } from './administration.mjs';
import { scenarios } from './scenarios.mjs';

const sdk = {
  Jellyfin,
  Score,
  score: Score.GREAT,
  activity: getActivityLogApi,
  configuration: getConfigurationApi,
  devices: getDevicesApi,
  keys: getApiKeyApi,
  quickConnect: getQuickConnectApi,
  session: getSessionApi,
  signIn: getUserApi,
  system: getSystemApi,
  user: getUserApi,
};

scenarios(sdk);
administration(sdk);
