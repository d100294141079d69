/** The machine's worker: serves MachineHost to the page that started it. */
import * as Comlink from 'comlink';
import { WorkerMachine } from './machine-host.ts';
import { machineParts } from './machine-parts.ts';
import { fetchHandlers } from './ports/fetch-handlers.ts';

fetchHandlers();
Comlink.expose(new WorkerMachine(machineParts));
