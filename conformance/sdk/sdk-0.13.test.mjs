// @jellyfin/sdk 0.13: the last one before 1.0, made for Jellyfin 10.11.
import { Jellyfin } from 'jellyfin-sdk-0.13';
import { RecommendedServerInfoScore as Score } from 'jellyfin-sdk-0.13/lib/models/recommended-server-info.js';
import { getConfigurationApi } from 'jellyfin-sdk-0.13/lib/utils/api/configuration-api.js';
import { getQuickConnectApi } from 'jellyfin-sdk-0.13/lib/utils/api/quick-connect-api.js';
import { getSessionApi } from 'jellyfin-sdk-0.13/lib/utils/api/session-api.js';
import { getSystemApi } from 'jellyfin-sdk-0.13/lib/utils/api/system-api.js';
import { getUserApi } from 'jellyfin-sdk-0.13/lib/utils/api/user-api.js';
import { scenarios } from './scenarios.mjs';

scenarios({
  Jellyfin,
  Score,
  score: Score.GREAT,
  signIn: getUserApi,
  quickConnect: getQuickConnectApi,
  session: getSessionApi,
  system: getSystemApi,
  configuration: getConfigurationApi,
  user: getUserApi,
});
