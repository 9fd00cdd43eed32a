// Reporting a problem: the page that shows what would be packed, and writing it.
import FileOutput from '@lucide/svelte/icons/file-output'
import MessageSquareWarning from '@lucide/svelte/icons/message-square-warning'

import { problem } from '../state/problem.svelte.ts'
import { router } from '../state/router.svelte.ts'
import type { Action } from './action.ts'

export const reportProblem: Action = {
  id: 'report-problem',
  title: 'Report a problem',
  shortcut: null,
  icon: MessageSquareWarning,
  enabled: () => true,
  run: () => router.go('problem'),
}

export const saveReport: Action = {
  id: 'save-report',
  title: 'Save the report…',
  shortcut: null,
  icon: FileOutput,
  enabled: () => router.at('problem') && problem.prepared !== null && !problem.busy,
  why: () => (router.at('problem') ? 'it is being made' : 'it stands on the page Report a problem'),
  run: () => problem.save(),
}
