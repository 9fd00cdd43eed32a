// A row of the library made by hand.

import type { Entry } from '../../src-main/contract/api/library.ts'
import { sha256 } from '../../src-main/contract/branded.ts'

export const entry = (id: number, change: Partial<Entry> = {}): Entry => ({
  id,
  path: `/models/${change.name ?? `m${id}.pt`}`,
  name: `m${id}.pt`,
  bytes: 100 * id,
  modified: '2026-01-01T00:00:00.000Z',
  added: '2026-01-01T00:00:00.000Z',
  state: 'present',
  error: null,
  sha256: sha256(`${id}`.repeat(64)),
  format: 'pytorch',
  layout: 'open_clip',
  architecture: { name: 'ViT-B/32' },
  dtype: 'F32',
  tensors: 152,
  blocks: 152,
  parameters: 1,
  role: 'fine-tuned',
  roleGiven: false,
  dataset: null,
  tags: [],
  notes: '',
  twins: [],
  runs: 0,
  ...change,
})
