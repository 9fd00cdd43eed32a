// From all that is said of a tower to what it is computed with. A person's word counts first, then the nearest
// statement, then what is known of models of its shape; where width alone is left, it is a guess, and said to be one.
// Whatever another source says otherwise is a warning too: heads, activation and epsilon leave no trace in the weights,
// and wrong ones give wrong numbers without an error.
import { BasilError } from '../../contract/errors.ts'
import { clipEndOfText, headsByWidth, knownText, knownVision } from '../../contract/known-towers.ts'
import type { Said, Sourced, TextSettings, TowerSettings } from '../../contract/tower.ts'
import { type Described, saidOf } from './beside.ts'
import type { Kind, Read, Statement } from './statement.ts'

/** refusal: why the tower cannot be computed; its weights can be combined all the same. */
export interface Settled<S> {
  settings: S
  warnings: string[]
  refusal: BasilError | null
}

interface Shape {
  width: number
  layers: number
  mlp: number
  patchSize?: number
}

const fieldOf = {
  heads: 'attentionHeads',
  activation: 'activation',
  layerNormEps: 'layerNormEps',
  endOfText: 'endOfText',
} as const
type Field = keyof typeof fieldOf
const inWords: Record<Field, string> = {
  heads: 'number of attention heads',
  activation: 'activation',
  layerNormEps: 'layer norm epsilon',
  endOfText: "texts' last token",
}

/** What is said before any file is looked at, by its field: by a person, or kept of a run. */
export type Given = { [F in Field]?: Sourced<string | number> | undefined }

export function givenBy({ attentionHeads, activation, layerNormEps }: Said, end: number | null = null): Given {
  const told = (value: string | number | null): Sourced<string | number> | undefined =>
    value === null ? undefined : { value, from: 'the configuration', assumed: false }
  return {
    heads: told(attentionHeads),
    activation: told(activation),
    layerNormEps: told(layerNormEps),
    endOfText: told(end),
  }
}

export async function settleVision(
  file: Described,
  shape: Required<Shape>,
  given: Given,
): Promise<Settled<TowerSettings>> {
  const said = await saidOf(file, 'vision', { ...shape })
  return settle('vision', file, shape, given, said, assumedOf('vision', shape))
}

/**
 * image: what the image tower of the same model is computed with, whose activation the text tower has where nothing
 * says otherwise.
 */
export async function settleText(
  file: Described,
  shape: Shape,
  given: Given,
  image: TowerSettings | null,
): Promise<Settled<TextSettings>> {
  const said = await saidOf(file, 'text', { ...shape })
  const assumed = {
    ...assumedOf('text', shape),
    endOfText: { value: clipEndOfText, from: "assumed, CLIP's tokenizer", assumed: true },
  }
  if (image) assumed.activation = { ...image.activation, from: `as the image tower, ${image.activation.from}` }
  return settle('text', file, shape, given, said, assumed)
}

/** Of a model fine-tuned from one that is computed with `base`: whatever is said otherwise beside it. */
export async function disagreements(
  file: Described,
  shape: Required<Shape>,
  base: TowerSettings,
  of: string,
): Promise<string[]> {
  const { statements, warnings } = await saidOf(file, 'vision', { ...shape })
  const fields = Object.keys(base) as (keyof TowerSettings)[]
  return [
    ...warnings,
    ...fields.flatMap((field) =>
      others(field, base[field], statements).map(
        (other) => `${other}; it is computed with ${of}'s, ${base[field].value} (${base[field].from})`,
      ),
    ),
  ]
}

function assumedOf(kind: Kind, shape: Shape): TowerSettings {
  const known = kind === 'vision' ? knownVision(shape) : knownText(shape)
  const name = kind === 'vision' ? `ViT-${known?.name}` : `${known?.name}'s text tower`
  return {
    heads: known
      ? { value: known.heads, from: `known shape ${name}`, assumed: false }
      : { value: headsByWidth(kind, shape.width), from: `a guess from its width of ${shape.width}`, assumed: true },
    activation: known
      ? { value: known.activation, from: `assumed, as in ${known.whose}'s ${name}`, assumed: true }
      : { value: 'quick-gelu', from: "a guess, as in OpenAI's models", assumed: true },
    layerNormEps: { value: 1e-5, from: 'assumed, as in every known CLIP', assumed: true },
  }
}

function settle<S extends TowerSettings>(
  kind: Kind,
  { source }: Described,
  { width }: Shape,
  given: Given,
  { statements, warnings }: { statements: readonly Statement[]; warnings: readonly string[] },
  assumed: S,
): Settled<S> {
  const told = [...warnings]
  const refusals: BasilError[] = []
  const refuse = (where: string, why: string, field?: Field): void =>
    void refusals.push(strange(kind, where, why, field))
  const one = (field: Field): Sourced<string | number> => {
    const first = statements.find((statement) => statement[field])
    const read = first?.[field] as Read<string | number> | undefined
    const own = given[field]
    if (!own && first && read && 'wrong' in read) refuse(first.from, read.wrong, field)
    const stated =
      first && read && 'value' in read ? { value: read.value, from: first.from, assumed: false } : undefined
    const chosen = own ?? stated ?? (assumed[field as keyof S] as Sourced<string | number>)
    told.push(...others(field, chosen, statements).map((other) => `${other}; ${chosen.value} is used (${chosen.from})`))
    return chosen
  }
  const settings: S = { ...assumed }
  for (const field of Object.keys(assumed) as Field[]) Object.assign(settings, { [field]: one(field) })
  const whole = statements.find(({ wrong }) => wrong !== undefined)
  if (whole?.wrong) refuse(whole.from, whole.wrong)
  const { heads } = settings
  if (width % heads.value !== 0)
    refuse(
      heads.assumed ? source.name : heads.from,
      `${heads.value} attention heads do not divide its width of ${width}`,
      'heads',
    )
  if (refusals.length === 0) told.push(...guesses(kind, source.name, width, settings))
  return { settings, warnings: told, refusal: refusals[0] ?? null }
}

/** What is said of a field by those who say otherwise. */
function others(field: Field, { value }: Sourced<string | number>, statements: readonly Statement[]): string[] {
  return statements.flatMap((statement) => {
    const read = statement[field]
    if (!read || !('value' in read) || read.value === value) return []
    return [`${statement.from} says that the ${inWords[field]} is ${read.value}`]
  })
}

/** What nothing says. */
function guesses(kind: Kind, name: string, width: number, { heads, activation }: TowerSettings): string[] {
  const tower = `its ${kind === 'vision' ? 'image' : 'text'} tower`
  const say = (...fields: Field[]): string =>
    `Say it with ${fields.map((field) => `"${fieldOf[field]}"`).join(' and ')}, or put its config.json or open_clip_config.json beside it`
  if (heads.assumed && activation.assumed)
    return [
      `${name}: nothing says how ${tower} is computed, and no known model has its shape. Its width of ${width} alone stands for ${heads.value} attention heads, ` +
        `and ${activation.value} is a guess too: where it was trained with others, every number is wrong. ${say('heads', 'activation')}`,
    ]
  const why = 'where it was trained with others, every number is wrong'
  if (heads.assumed)
    return [
      `${name}: nothing says how many attention heads ${tower} has, and no known model has its shape. Its width of ${width} alone stands for ${heads.value}: ${why}. ${say('heads')}`,
    ]
  if (!activation.assumed) return []
  return [
    `${name}: nothing says the activation of ${tower}. ${activation.value} is used (${activation.from}): ${why}. ${say('activation')}`,
  ]
}

function strange(kind: Kind, where: string, why: string, field?: Field): BasilError {
  const isSaid = where === 'the configuration'
  const next = field
    ? isSaid
      ? `correct "${fieldOf[field]}"`
      : `correct it, or say it with "${fieldOf[field]}"`
    : 'choose a model whose features are those of CLIP'
  return new BasilError({
    code: isSaid ? 'config-invalid' : 'not-supported',
    what: `Basil cannot compute this ${kind === 'vision' ? 'image' : 'text'} tower as it is described`,
    where,
    why,
    next,
  })
}
