// A model to be evaluated: a checkpoint of any layout, or a state of a run put together from its parents, as the run
// saw it. A linearised run's weights mean f_lin(x; theta) = f(x; theta_pre) + J(x; theta_pre) (theta - theta_pre), and
// are measured so.
import type { Said, TowerSettings } from '../../contract/tower.ts'
import type { Table } from '../../numbers/table.ts'
import type { OpenSource } from '../formats/source.ts'
import type { Architecture } from '../layouts/clip-names.ts'
import type { Tower } from '../models/clip-vit.ts'
import { linearModel, type Model, towerModel } from '../models/model.ts'
import { type TowerCheckpoint as CheckpointTower, openCheckpoint, useOf } from '../weights/checkpoint.ts'
import { type LoadedWeights, loadCheckpoint, loadMerged } from '../weights/device.ts'
import type { Groups } from '../weights/merge.ts'
import type { Parents } from '../weights/parents.ts'

export interface Evaluated {
  architecture: Architecture
  called: string // "ViT-B/32"
  settings: TowerSettings
  warnings: string[] // what may make its numbers wrong
  load(tower: Tower): Promise<{ model: Model; dispose(): void }>
  close(): Promise<void>
}

/**
 * pretrained: whose projection a tower without one takes, which decides how models of its shape are computed, and where
 * a model that is to be seen to first order is expanded.
 */
export async function evaluatedFile(
  path: string,
  open: OpenSource,
  { pretrained, ...said }: Said & { pretrained: string | null },
  linearised = false,
): Promise<Evaluated> {
  const base = pretrained === null ? null : await openCheckpoint(pretrained, open, undefined, useOf(said))
  const close = async (): Promise<void> => base?.file.source.close()
  try {
    const checkpoint = await openCheckpoint(path, open, base ?? undefined, useOf(said))
    const isOther = checkpoint.settings !== base?.settings
    return {
      ...describedBy(checkpoint),
      warnings: [...(base && !isOther ? base.warnings : []), ...checkpoint.warnings],
      load: (tower) =>
        linearised && base
          ? linear(tower, base, () => loadCheckpoint(tower.ops, checkpoint, base))
          : plain(tower, () => loadCheckpoint(tower.ops, checkpoint)),
      close: async () => {
        await checkpoint.file.source.close()
        await close()
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** The parents are closed with it. */
export function evaluatedMerge(parents: Parents, groups: Groups, coefficients: Table, linearised: boolean): Evaluated {
  return {
    ...describedBy(parents.base),
    warnings: parents.warnings,
    load: (tower) => {
      const merged = (): Promise<LoadedWeights> => loadMerged(tower.ops, parents, groups, coefficients, linearised)
      return linearised ? linear(tower, parents.base, merged) : plain(tower, merged)
    },
    close: parents.close,
  }
}

type Loaded = ReturnType<Evaluated['load']>

async function plain(tower: Tower, load: () => Promise<LoadedWeights>): Loaded {
  const { weights, dispose } = await load()
  return { model: towerModel(tower, weights), dispose }
}

/** difference: of the weights from the base's. */
async function linear(tower: Tower, base: CheckpointTower, difference: () => Promise<LoadedWeights>): Loaded {
  const delta = await difference()
  try {
    const still = await loadCheckpoint(tower.ops, base)
    const dispose = (): void => {
      delta.dispose()
      still.dispose()
    }
    return { model: linearModel(tower, still.weights, delta.weights), dispose }
  } catch (error) {
    delta.dispose()
    throw error
  }
}

const describedBy = ({
  file,
  architecture,
  settings,
}: CheckpointTower): Pick<Evaluated, 'architecture' | 'called' | 'settings'> => ({
  architecture,
  called: file.architecture?.name ?? 'unknown',
  settings,
})
