// Which fields of the form a method reads, and how the fields of a run are put together. A field in no list here (a new
// one of the schema) stands under Advanced; one that is not read is left out, unless it is what is wrong. What only
// some settings read is seen as soon as it has a value.

const loop = ['steps', 'epochs', 'initialCoefficient', 'clamp', 'patience']
const gradient = [
  'learningRate',
  'schedule',
  'weightDecay',
  'penaltyNorm',
  'penaltyStrength',
  'combine',
  'budget',
  'clipNorm',
]

/** Of a stage: how it learns. Grids and checkpoints have nothing to set. */
const learning: Record<string, readonly string[]> = {
  'task-arithmetic': [],
  ties: [],
  checkpoint: ['checkpoint'],
  adamerging: [...loop, ...gradient],
  atlas: [...loop, ...gradient],
  'cma-es': loop,
  'dv-basi': [...loop, ...gradient],
}
const stage = new Set([...loop, ...gradient, 'checkpoint'])

const ofRun = {
  Run: ['name', 'seed', 'batch', 'select'],
  Method: ['method', 'objective', 'ufm', 'blocks', 'pool', 'trim', 'parts', 'linearised', 'expansion'],
  Controls: ['control'],
  Aims: ['keep'],
}
/** Fields that are read in some cases only. */
const cases: Record<string, (of: Chosen) => boolean> = {
  ufm: ({ objective }) => objective === 'ufm',
  trim: ({ method, start }) => [method, start].some((m) => m === 'ties' || m === 'adamerging'),
  expansion: ({ linearised, method }) => linearised === 'jvp' && method === 'dv-basi',
  control: ({ method }) => method === 'dv-basi',
  keep: ({ aims }) => aims.includes('forget') || aims.includes('keep'),
}

/** What the settings say so far. */
export interface Chosen {
  method: string
  start: string // its method
  objective: string
  linearised: string
  aims: readonly string[]
}

export interface Group {
  title: string
  names: string[]
}

/** Every field of the schema in its group, in the order of the page; groups without a field are left out. */
export function groupsOf(
  all: Iterable<string>,
  chosen: Chosen,
  has: Record<'value' | 'issue', (name: string) => boolean>,
): Group[] {
  const names = [...all]
  const own = names.filter(
    (name) => !name.includes('.') && !['iterations', 'pretrained'].includes(name) && !stage.has(name),
  )
  const known = new Set<string>(Object.values(ofRun).flat())
  const shown = (name: string) => has.value(name) || has.issue(name) || (cases[name]?.(chosen) ?? true)
  const stageOf = (method: string, before: string) => {
    const read = learning[method] ?? [...stage]
    const isOf = (name: string) => name.startsWith(before) && stage.has(name.slice(before.length))
    return names.filter((name) => isOf(name) && (read.includes(name.slice(before.length)) || has.issue(name)))
  }
  const isDvBasi = chosen.method === 'dv-basi'
  const stages = isDvBasi
    ? [
        { title: 'Start', names: ['start.method', ...stageOf(chosen.start, 'start.')] },
        { title: 'Iterations', names: ['iterations', ...stageOf(chosen.method, '')] },
      ]
    : [{ title: 'Learning', names: stageOf(chosen.method, '') }]
  const part = (title: keyof typeof ofRun) => ({
    title,
    names: ofRun[title].filter((name) => own.includes(name) && shown(name)),
  })
  const rest = { title: 'Advanced', names: own.filter((name) => !known.has(name) && shown(name)) }
  return [part('Run'), part('Method'), ...stages, part('Aims'), part('Controls'), rest].filter(
    (group) => group.names.length > 0,
  )
}
