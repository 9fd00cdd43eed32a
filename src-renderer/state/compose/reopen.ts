// What a draft was opened from, opened again after a reload.
import type { Project } from '../../../src-main/contract/api/projects.ts'
import { client } from '../../bridge.ts'

interface Reopened {
  project: Project | null // of a configuration; its settings are the draft's now
  grant: string
}

/** Throws where it is not there any more. */
export async function reopen(origin: Project['origin']): Promise<Reopened> {
  if (origin.kind === 'run') return { project: null, grant: (await client.projects.ofRun({ run: origin.run })).grant }
  if (origin.kind === 'library') return { project: null, grant: (await client.projects.library()).grant }
  const project = await (origin.kind === 'sample'
    ? client.projects.sample()
    : client.projects.open({ path: origin.path }))
  return { project, grant: project.grant }
}
