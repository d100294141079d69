/** The machine's worker: serves MachineHost to the page that started it. */
import * as Comlink from 'comlink';
import { WorkerMachine } from './machine-host.ts';
import { machineParts } from './machine-parts.ts';

Comlink.expose(new WorkerMachine(machineParts));
