// What a run is given by whoever starts it, as tests start one: files as they lie on disk, nothing that stops it.
import type { ResumeState } from '../../../src-main/contract/run/run.ts'
import type { Backend } from '../../../src-main/engine/devices/backend.ts'
import type { RunHost } from '../../../src-main/engine/runs/context.ts'
import { hashCheckpoint, openSource } from '../../../src-main/files/source.ts'

export const hostOf = (backend: Backend, resume: ResumeState | null = null): RunHost => ({
  backend,
  open: openSource,
  hash: hashCheckpoint,
  resume,
  parents: [],
  stopping: () => false,
  signal: new AbortController().signal,
})
