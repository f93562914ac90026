// A customer's web app: the unmodified SDK for browsers, in reach of the checks.

import Para from '@getpara/web-sdk';

window.startPara = async (apiKey) => {
  window.para = new Para(apiKey);
  await until(() => window.para.isReady && ['unauthenticated', 'authenticated', 'error'].includes(window.para.authPhase));
  return window.para.authPhase;
};

/** What an app learns about itself, in a form that leaves the page. */
window.seen = async () => ({
  corePhase: para.corePhase,
  authPhase: para.authPhase,
  isSessionActive: await para.isSessionActive(),
  isFullyLoggedIn: await para.isFullyLoggedIn(),
  userId: para.getUserId(),
  authInfo: para.authInfo,
  externalWallets: Object.keys(para.externalWallets),
});

async function until(condition) {
  for (const end = Date.now() + 20_000; Date.now() < end; ) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`not ready: ${window.para.corePhase} ${window.para.authPhase}`);
}
