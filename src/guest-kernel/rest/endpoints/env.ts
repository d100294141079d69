/** /env: the environment of the default namespace, which plain programs share (facts 1.2, DESIGN decision 2). */
import { utf8FromBytes } from '../../../emulator/util/bytes.ts';
import { ApiError } from '../reply.ts';
import { array, del, get, inPath, post, required, STRING, type Route, type RouteCall } from '../route.ts';

const VARIABLE = inPath('var', 'Name of the variable');

/** The greedy parameter comes with its '/'. */
function nameOf({ text }: RouteCall): string {
  return text('var').replace(/^\//, '');
}

export const env: readonly Route[] = [
  get('/env', {
    summary: 'All variables as "K=V"',
    reply: array(STRING),
    run: ({ management }) =>
      [...management.programs.environment].map(([name, value]) => utf8FromBytes(`${name}=${value}`)),
  }),
  get('/env/{var*}', {
    summary: 'Value of a variable',
    parameters: [VARIABLE],
    reply: STRING,
    run: (call) => {
      const value = call.management.programs.environment.get(nameOf(call));
      if (value === undefined) throw new ApiError(400, `No environment variable ${utf8FromBytes(nameOf(call))}`);
      return utf8FromBytes(value);
    },
  }),
  post('/env/{var*}', {
    summary: 'Sets a variable',
    parameters: [VARIABLE, required('val', 'Its value')],
    reply: STRING,
    run: (call) => {
      const name = nameOf(call);
      if (name === '' || name.includes('=')) {
        throw new ApiError(400, `invalid environment variable ${utf8FromBytes(name)}`);
      }
      call.management.programs.environment.set(name, call.text('val').replaceAll('\0', ''));
    },
  }),
  del('/env/{var*}', {
    summary: 'Removes a variable, if it is there',
    parameters: [VARIABLE],
    reply: STRING,
    run: (call) => {
      call.management.programs.environment.delete(nameOf(call));
    },
  }),
];
