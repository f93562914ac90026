// The customer's web app: the unmodified package, its two exports in reach of the checks.

import { connectSingleton, paragon } from '@useparagon/connect';

window.paragon = paragon;
window.connectSingleton = connectSingleton;

/** All nine service addresses point at one Hallpass. */
window.useHallpass = (url) => {
  paragon.configureGlobal(
    { host: 'hallpass.example' },
    {
      API_TRIGGER_KIT_PUBLIC_URL: url,
      CDN_PUBLIC_URL: url,
      CONNECT_PUBLIC_URL: url,
      DASHBOARD_PUBLIC_URL: url,
      HERMES_PUBLIC_URL: url,
      PASSPORT_PRODUCTION_URL: url,
      PASSPORT_PUBLIC_URL: url,
      WORKER_PROXY_PUBLIC_URL: url,
      ZEUS_PUBLIC_URL: url,
    },
  );
};
