// A customer's React app: the unmodified provider and the hook that issues a token, driven by the checks.

import { createElement, useEffect } from 'react';
import { createRoot } from 'react-dom/client';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { ParaProvider, useAccount, useClient, useIssueJwt } from '@getpara/react-sdk-lite';

function App() {
  const client = useClient();
  const account = useAccount();
  const issuing = useIssueJwt();
  useEffect(() => {
    Object.assign(window, { para: client, account, issuing });
  });
  return createElement('p', null, account.isConnected ? 'connected' : 'not connected');
}

window.startApp = (apiKey) => {
  const provider = createElement(
    ParaProvider,
    { paraClientConfig: { apiKey }, config: { appName: 'The app' } },
    createElement(App),
  );
  const root = document.body.appendChild(document.createElement('div'));
  createRoot(root).render(createElement(QueryClientProvider, { client: new QueryClient() }, provider));
};
