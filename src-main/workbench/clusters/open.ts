// A cluster opened: where it is, who gives its tasks their turn, and the program that goes there.
import type { Cluster } from '../../contract/clusters/cluster.ts'
import { createPlace, type Place } from './place.ts'
import { createPool } from './pool.ts'
import { type Program, programOf } from './program.ts'
import { createSlurm } from './slurm.ts'
import { type ClusterTarget, createTarget } from './target.ts'

export interface OpenedTarget {
  target: ClusterTarget
  program: Program
}

export type OpenTarget = (cluster: Cluster) => Promise<OpenedTarget>

/** home: the data folder. program, place: others in tests. */
export function opening(
  home: string,
  program: (cluster: Cluster) => Promise<Program> = ({ engine }) => programOf(home, engine),
  place: (host: string | null) => Place = createPlace,
): OpenTarget {
  return async (cluster) => {
    const at = place(cluster.host)
    const scheduler = cluster.kind === 'slurm' ? createSlurm(cluster, at) : createPool(cluster)
    const carried = await program(cluster)
    return { target: createTarget(cluster, at, scheduler, carried), program: carried }
  }
}
