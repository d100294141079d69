/** The images that this site offers: images/index.json, written by the image build. */

export interface ImageEntry {
  readonly name: string;
  readonly title: string;
  readonly sizeBytes: number;
}

/** @throws when the list can not be fetched or read */
export async function loadImages(): Promise<readonly ImageEntry[]> {
  const response = await fetch('images/index.json');
  if (!response.ok) throw new Error(`images/index.json: ${response.status} ${response.statusText}`);
  return parseImageIndex(await response.json());
}

/** Entries that can not be read are left out. */
export function parseImageIndex(value: unknown): readonly ImageEntry[] {
  const list = Array.isArray(value) ? value : fields(value)['images'];
  if (!Array.isArray(list)) throw new Error('images/index.json holds no list of images');
  return list
    .map(fields)
    .filter((entry) => typeof entry['name'] === 'string')
    .map(imageEntry);
}

function imageEntry(entry: Readonly<Record<string, unknown>>): ImageEntry {
  const name = String(entry['name']);
  return {
    name,
    title: typeof entry['title'] === 'string' ? entry['title'] : name,
    sizeBytes: Number(entry['bytes'] ?? 0),
  };
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
