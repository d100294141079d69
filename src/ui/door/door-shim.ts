/** First script of every HTML document that the door serves: keeps the way back to the machine's page. */
import { DoorLink } from './door-link.ts';

sessionStorage.removeItem('osv-door-reloads');
new DoorLink().start();
navigator.serviceWorker.startMessages();
