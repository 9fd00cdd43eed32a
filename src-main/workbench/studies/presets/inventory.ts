// What is at hand for a preset: the checkpoints and heads of one model, by the field's folders, and the data sets, by
// what they are on disk.
import type { NamedData } from '../../../contract/api/data.ts'
import { scan } from '../../library/scan.ts'
import { createSets } from '../../library/sets/sets.ts'
import type { Workbench } from '../../workbench.ts'
import type { Family } from './files.ts'

export interface Inventory {
  model: string // "ViT-B-32"
  pretrained: string | null
  finetuned: Record<Family, Map<string, string>> // by data set
  heads: Map<string, string>
  data: Map<string, string>
}

interface Row {
  id: number
  path: string
}

export interface AtHand {
  rows: Row[] // every checkpoint there is
  tauJp: Row[] // fine-tuned with the tau-Jp penalty
  data: string[] // folders that are data sets, or hold them
}

/** named: says which of the field's data sets lie at folders. */
export async function inventoryOf(
  model: string,
  { rows, tauJp, data }: AtHand,
  named: (folders: string[]) => Promise<NamedData[]>,
): Promise<Inventory> {
  const own = await setFor(model, rows)
  const other = await setFor(model, tauJp)
  return {
    model,
    pretrained: own.pretrained ?? other.pretrained,
    finetuned: {
      standard: own.standard,
      linear: own.linear,
      'tau-jp': other.linear.size ? other.linear : other.standard,
    },
    heads: own.heads.size ? own.heads : other.heads,
    data: new Map((await named(data)).map(({ name, path }) => [name, path])),
  }
}

/** What the person added: checkpoints tagged "tau-jp" are such. */
export async function onShelf({ library, dataSets }: Pick<Workbench, 'library' | 'dataSets'>): Promise<AtHand> {
  const { entries } = await library.list()
  const there = entries.filter(({ state }) => state !== 'missing')
  const isTauJp = ({ tags }: { tags: string[] }): boolean => tags.some((tag) => tag.toLowerCase() === 'tau-jp')
  const data = dataSets.list().filter(({ state }) => state === 'present')
  return {
    rows: there.filter((entry) => !isTauJp(entry)),
    tauJp: there.filter(isTauJp),
    data: data.map(({ path }) => path),
  }
}

/** The checkpoints in a folder. */
export async function checkpointsIn(folder: string): Promise<Row[]> {
  return (await scan([folder])).files.map((path, id) => ({ id, path }))
}

interface Own {
  pretrained: string | null
  standard: Map<string, string>
  linear: Map<string, string>
  heads: Map<string, string>
}

/** The largest of the sets in folders of this name. */
async function setFor(model: string, rows: readonly Row[]): Promise<Own> {
  const paths = new Map(rows.map(({ id, path }) => [id, path]))
  const sets = (await createSets().of([...rows])).filter((set) => set.model.toLowerCase() === model.toLowerCase())
  const set = sets.sort((a, b) => b.finetuned.length - a.finetuned.length)[0]
  const pathsOf = (found: { dataset: string; id: number }[]): Map<string, string> =>
    new Map(found.flatMap(({ dataset, id }) => (paths.has(id) ? [[dataset, paths.get(id) as string] as const] : [])))
  return {
    pretrained: (set?.pretrained != null ? paths.get(set.pretrained) : undefined) ?? null,
    standard: pathsOf(set?.finetuned.filter(({ linear }) => !linear) ?? []),
    linear: pathsOf(set?.finetuned.filter(({ linear }) => linear) ?? []),
    heads: pathsOf(set?.heads ?? []),
  }
}
