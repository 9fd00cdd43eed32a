// One report of a set before it is merged: the pass over all weights that compatibility makes, layer by layer, and the
// singular values of matrices. Memory holds a piece of each model, the smaller the more there are, and one matrix of
// one vector; it does not grow with the number of models. What is not computed says why.
import type { Told } from '../../contract/engine-api.ts'
import type {
  LayerReport,
  MatrixReport,
  MergeReport,
  MergeReportRequest,
  Skipped,
} from '../../contract/merges/report.ts'
import { at } from '../../numbers/vectors.ts'
import type { OpenSource } from '../formats/source.ts'
import { layerOf } from '../layouts/clip-names.ts'
import { type Beside, checkpointsOf, cosinesIn, measuredIn, openBeside, soundIn, worstFirst } from './compatibility.ts'
import { aboutConstants, aboutValues } from './findings.ts'
import { type Gram, gramOf, type Sums } from './gram.ts'
import { hintOf } from './merge-report-hint.ts'
import { spectraBytes, spectraOf, spectraPlan } from './merge-report-spectra.ts'

/** coverage: told by headers alone, whatever is measured here. */
export async function* mergeReportOf(
  { pretrained, vectors, missing, spectra }: MergeReportRequest,
  coverage: MergeReport['coverage'],
  open: OpenSource,
): AsyncGenerator<Told<MergeReport>> {
  const ofModels = pretrained === null
  const beside = await openBeside(pretrained ?? at(vectors, 0), vectors, open, missing)
  try {
    const { base, fitting, names } = beside
    const total =
      beside.total + spectraBytes(spectraPlan(inLayers(beside, []), fitting.length, spectra), fitting.length)
    const gram = yield* gramOf(base, checkpointsOf(beside), { names, total, ofModels })
    const sound = soundIn(gram)
    const measured = sound.map((i) => at(fitting, i).checkpoint)
    const plan = spectraPlan(inLayers(beside, gram.constants), measured.length, spectra)
    const matrices = yield* spectraOf(plan, ofModels ? null : base, measured, { done: beside.total, total })
    const { cosines, conflicts } = relations(gram, sound)
    const called = measured.map(({ file }) => file.source.name)
    const result = {
      ...(ofModels ? modelsIn(beside, gram, sound) : await differencesIn(beside, gram)),
      coverage,
      cosines,
      conflicts,
      hint: ofModels ? { skipped: 'it is of task vectors, and this merge is of models' } : hintFrom(cosines, called),
      layers: [...gram.layers].map(([layer, sums]) => layerReport(layer, sums, sound, matrices.get(layer))),
    }
    yield { type: 'result', result }
  } finally {
    await beside.close()
  }
}

/** Tensors of each layer, but for these. */
function inLayers(
  { shapes }: Beside,
  without: readonly string[],
): Map<string, { name: string; shape: readonly number[] }[]> {
  const tensors = [...shapes].map(([name, shape]) => ({ name, shape })).filter(({ name }) => !without.includes(name))
  return Map.groupBy(tensors, ({ name }) => layerOf(name))
}

type OfVectors = Pick<MergeReport, 'of' | 'vectors' | 'findings'>

async function differencesIn(beside: Beside, gram: Gram): Promise<OfVectors> {
  const { vectors, findings } = await measuredIn(beside, gram)
  return { of: 'differences', vectors, findings }
}

function modelsIn({ pretrained, fitting, findings }: Beside, gram: Gram, sound: readonly number[]): OfVectors {
  const relative = { skipped: 'there is no pre-trained model' }
  const vectors = sound.map((i) => ({ file: at(fitting, i).path, norm: normIn(gram, i), relative }))
  const found = [...findings, ...aboutValues(pretrained, fitting, gram), ...aboutConstants(pretrained, gram)]
  return { of: 'models', vectors, findings: worstFirst(found) }
}

const normIn = ({ products }: Sums, i: number): number => Math.sqrt(at(at(products, i), i))

function relations(sums: Sums, sound: readonly number[]): Pick<LayerReport, 'cosines' | 'conflicts'> {
  if (sound.length === 0) return { cosines: { skipped: noVector }, conflicts: { skipped: noVector } }
  if (sound.length === 1) return { cosines: { skipped: oneModel }, conflicts: { skipped: oneModel } }
  return { cosines: cosinesIn(sums, sound), conflicts: sums.elements > 0 ? sums.conflicts / sums.elements : 0 }
}

const noVector = 'no vector could be measured'
const oneModel = 'there is one model'

function hintFrom(cosines: LayerReport['cosines'], names: readonly string[]): MergeReport['hint'] {
  if ('skipped' in cosines) return cosines
  return hintOf(cosines, names) ?? { skipped: 'no two vectors move anything' }
}

function layerReport(
  layer: string,
  sums: Sums,
  sound: readonly number[],
  matrices: MatrixReport[] | Skipped = { skipped: 'it has no matrix' },
): LayerReport {
  const { tensors, elements } = sums
  const norms = sound.map((i) => normIn(sums, i))
  return { layer, tensors, elements, norms, ...relations(sums, sound), matrices }
}
