import { expect, test } from 'vitest';
import { parseImageIndex } from './image-index.ts';

test('an entry without a title is shown by its name', () => {
  const index = { format: 1, images: [{ name: 'default', bytes: 5 }] };
  expect(parseImageIndex(index)).toEqual([{ name: 'default', title: 'default', sizeBytes: 5 }]);
});

test('entries that can not be read are left out', () => {
  expect(parseImageIndex({ images: [null, 7, {}, { name: 3 }, { name: 'a', title: 'A' }] })).toHaveLength(1);
});

test.each([[{}], [null], ['text'], [{ images: 'no list' }]])('%j is no index', (value) => {
  expect(() => parseImageIndex(value)).toThrow('no list of images');
});
