// Configurations opened lately, found again after a restart; those whose file is gone are marked.
import { z } from 'zod'

import type { Project } from '../../../src-main/contract/api/projects.ts'
import { client } from '../../bridge.ts'
import { choice } from '../remembered.svelte.ts'

const most = 8
const kept = choice('projects.recent', z.array(z.object({ path: z.string(), name: z.string() })), [])

class Recent {
  #missing = $state.raw<ReadonlySet<string>>(new Set())

  /** The newest first. */
  get all() {
    return kept.value
  }

  isMissing(path: string): boolean {
    return this.#missing.has(path)
  }

  add({ origin, name }: Pick<Project, 'origin' | 'name'>): void {
    if (origin.kind !== 'file') return
    const { path } = origin
    kept.value = [{ path, name }, ...kept.value.filter((one) => one.path !== path)].slice(0, most)
  }

  forget(path: string): void {
    kept.value = kept.value.filter((one) => one.path !== path)
  }

  put(all: typeof kept.value): void {
    kept.value = all
  }

  /** Looks which are still there. */
  async look(): Promise<void> {
    this.#missing = new Set(await client.projects.missing({ paths: kept.value.map(({ path }) => path) }))
  }
}

export const recent = new Recent()
