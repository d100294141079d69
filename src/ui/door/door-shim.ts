/** First script of every HTML document that the door's Service Worker serves: keeps the way back to the machine's page. */
import { forgetReloads } from './reload-count.ts';
import { linkServiceWorker } from './worker-link.ts';

forgetReloads();
linkServiceWorker(() => undefined);
