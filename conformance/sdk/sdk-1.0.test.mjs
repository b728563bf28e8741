// @jellyfin/sdk 1.0: the sign-in operations are in one API, and the configuration is in that of the system.
import { Jellyfin } from '@jellyfin/sdk';
import { RecommendedServerInfoScore as Score } from '@jellyfin/sdk/lib/models/recommended-server-info.js';
import { getAuthenticationApi } from '@jellyfin/sdk/lib/utils/api/authentication-api.js';
import { getSessionApi } from '@jellyfin/sdk/lib/utils/api/session-api.js';
import { getSystemApi } from '@jellyfin/sdk/lib/utils/api/system-api.js';
import { getUserApi } from '@jellyfin/sdk/lib/utils/api/user-api.js';
import { scenarios } from './scenarios.mjs';

scenarios({
  Jellyfin,
  Score,
  score: Score.GOOD, // it counts itself API version 13
  signIn: getAuthenticationApi,
  quickConnect: getAuthenticationApi,
  session: getSessionApi,
  system: getSystemApi,
  configuration: getSystemApi,
  user: getUserApi,
});
