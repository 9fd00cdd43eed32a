// Which source of the list a path belongs to: a folder or file is looked at once, by names and first bytes, and the
// first that knows it opens it. What none knows is told with all that Basil reads.
import { BasilError } from '../../../contract/errors.ts'
import type { OpenFiles } from '../../formats/source.ts'
import type { DataSource, KnownName, Place } from '../raw.ts'
import { sources } from './index.ts'

export interface Recognised {
  source: string // its kind, in words
  splits: string[] // on disk
  known: KnownName | null // one of the field's data sets
}

/** What a path is, in words. Throws what findSource throws. */
export async function recognise(path: string, files: OpenFiles): Promise<Recognised> {
  const { source, place } = await findSource(path, files)
  return {
    source: source.name,
    splits: await source.splits(place, files),
    known: (await source.known?.(place, files)) ?? null,
  }
}

/** What opens a path. Throws file-missing, or data-invalid where it is nothing that Basil reads. */
export async function findSource(path: string, files: OpenFiles): Promise<{ source: DataSource; place: Place }> {
  const place = await lookAt(path, files)
  return { source: await sourceOf(place, files), place }
}

async function lookAt(path: string, files: OpenFiles): Promise<Place> {
  const name = path.split(/[/\\]/).findLast((part) => part !== '') ?? path
  if ((await files.kind(path)) === 'folder') return { path, name, entries: await files.list(path), head: null, size: 0 }
  const source = await files.open(path)
  try {
    return { path, name, entries: null, head: await source.read(0, Math.min(512, source.size)), size: source.size }
  } finally {
    await source.close()
  }
}

function isArrow({ name, entries }: Place): boolean {
  if (!entries) return /\.(arrow|feather)$/i.test(name)
  return entries.some((entry) => entry.name === 'dataset_dict.json' || entry.name.endsWith('.arrow'))
}

async function sourceOf(place: Place, files: OpenFiles): Promise<DataSource> {
  for (const source of sources) if (await source.matches(place, files)) return source
  if (isArrow(place))
    throw new BasilError({
      code: 'not-supported',
      what: 'Basil does not read Arrow files',
      where: place.path,
      why: 'it is what save_to_disk of datasets leaves: tables in Arrow files',
      next: 'write it as Parquet, the images included: datasets.load_from_disk(FOLDER).to_parquet("train.parquet")',
    })
  throw new BasilError({
    code: 'data-invalid',
    what: 'Basil does not know this kind of data',
    where: place.path,
    why: `it reads: ${sources.map((source) => source.name).join('; ')}`,
    next: 'name the folder that holds the splits, or the file itself',
  })
}
