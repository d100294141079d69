/** /hardware: processor and platform (facts 1.2). */
import { get, LONG, STRING, type Route } from '../route.ts';

export const hardware: readonly Route[] = [
  get('/hardware/processor/flags', {
    summary: 'CPUID feature names',
    reply: STRING,
    run: ({ management }) => management.cpuFlags,
  }),
  get('/hardware/processor/count', {
    summary: 'Number of virtual processors',
    reply: LONG,
    run: ({ management }) => management.cpuCount,
  }),
  get('/hardware/firmware/vendor', {
    summary: 'Who made the firmware',
    reply: STRING,
    run: ({ management }) => management.firmwareVendor,
  }),
  get('/hardware/hypervisor', {
    summary: 'Name of the hypervisor',
    reply: STRING,
    run: ({ management }) => management.hypervisor,
  }),
];
