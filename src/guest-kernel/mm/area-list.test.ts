import { describe, expect, test } from 'vitest';
import { type Area, AreaList, MAX_AREAS } from './area-list.ts';

const PAGE = 4096;

function area(page: number, pages: number, protection = 1): Area {
  return {
    startAddr: page * PAGE,
    endAddr: (page + pages) * PAGE,
    protection,
    isShared: false,
    shared: undefined,
    inode: undefined,
    offset: 0,
    fileBytes: 0,
    name: '',
  };
}

/** One area of `pages` pages, of which every other one is protected otherwise. */
function striped(pages: number): AreaList {
  const list = new AreaList();
  for (let page = 0; page < pages; page++) list.insert(area(page, 1, page % 2));
  return list;
}

function protect(list: AreaList, page: number, pages: number, protection: number): void {
  list.replace(page * PAGE, (page + pages) * PAGE, (piece) => ({ ...piece, protection }));
}

describe('mappings', () => {
  test('pieces that become alike are one, with their neighbours too', () => {
    const list = striped(10);
    protect(list, 2, 5, 1);
    expect(list.all.map(({ startAddr, endAddr }) => [startAddr / PAGE, endAddr / PAGE])).toEqual([
      [0, 1],
      [1, 8],
      [8, 9],
      [9, 10],
    ]);
  });

  test('as many as there may be become one, and part again', () => {
    const list = striped(MAX_AREAS);
    let turn = 0;
    list.replace(0, MAX_AREAS * PAGE, (piece) => ({ ...piece, protection: turn++ % 2 }));
    expect(list.all.length).toBe(MAX_AREAS);
    protect(list, 0, MAX_AREAS, 3);
    expect(list.all).toEqual([area(0, MAX_AREAS, 3)]);
  });

  test('what would make too many changes nothing', () => {
    const list = striped(MAX_AREAS - 2);
    list.insert(area(MAX_AREAS, 5, 7));
    protect(list, MAX_AREAS, 1, 6);
    const before = [...list.all];
    expect(() => protect(list, MAX_AREAS + 2, 1, 6)).toThrow(expect.objectContaining({ name: 'ENOMEM' }));
    expect(list.all).toEqual(before);
    protect(list, MAX_AREAS, 5, 1);
    expect(list.all.length).toBe(MAX_AREAS - 1);
  });
});
