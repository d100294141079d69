import { expect, test } from 'vitest';
import { guestOrigin } from './port-doors.ts';

// oxfmt-ignore
test.each([
  // page                            port   origin of the port
  ['http://localhost:5080/',         8000,  'http://8000.localhost:5080'],
  ['http://localhost/',              80,    'http://80.localhost'],
  ['http://localhost:5080/sub/path', 3000,  'http://3000.localhost:5080'],
  ['http://127.0.0.1:5080/',         8000,  undefined],
  ['https://example.org/osv/',       8000,  undefined],
  ['http://8000.localhost:5080/',    8000,  undefined],
])('a page at %s shows port %i at %s', (page, port, origin) => {
  expect(guestOrigin(new URL(page), port)).toBe(origin);
});
