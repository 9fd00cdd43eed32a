// Dialogs about one row of the library: what it is compared with, and that it is measured.
import type { Entry } from '../../../src-main/contract/api/library.ts'

class RowDialogs {
  entry = $state.raw<Entry | null>(null)
  comparing = $state(false)
  evaluating = $state(false)
}

export const asked = new RowDialogs()
