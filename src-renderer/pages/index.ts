// Every page, in the order of the navigation. To add one: write its component in a file here and name it below; its
// link, its title, its address and the action that goes to it, with its key, follow (state/pages.ts says what a page
// declares). An address that no page has is the last page's.
import CircleQuestionMark from '@lucide/svelte/icons/circle-question-mark'
import Layers from '@lucide/svelte/icons/layers'
import SettingsIcon from '@lucide/svelte/icons/settings'

import { checkpoints } from '../state/checkpoints/checkpoints.svelte.ts'
import { dataSets } from '../state/data/data-sets.svelte.ts'
import { topicOf } from '../state/help/topics.ts'
import { type Page, page } from '../state/pages.ts'
import Compose from './Compose.svelte'
import Clusters from './clusters/Clusters.svelte'
import Data from './data/Data.svelte'
import DataSet from './data/DataSet.svelte'
import Engine from './engine/Engine.svelte'
import Evaluation from './evaluation/Evaluation.svelte'
import Evaluations from './evaluation/Evaluations.svelte'
import History from './History.svelte'
import Help from './help/Help.svelte'
import Problem from './help/Problem.svelte'
import Topic from './help/Topic.svelte'
import Checkpoint from './library/Checkpoint.svelte'
import Compare from './library/Compare.svelte'
import Compatible from './library/Compatible.svelte'
import Library from './library/Library.svelte'
import Recipe from './library/Recipe.svelte'
import ModelLineage from './lineage/ModelLineage.svelte'
import RunLineage from './lineage/RunLineage.svelte'
import Merge from './merge/Merge.svelte'
import Mix from './mix/Mix.svelte'
import Nowhere from './Nowhere.svelte'
import Queue from './queue/Queue.svelte'
import Run from './Run.svelte'
import CompareRuns from './runs/CompareRuns.svelte'
import Settings from './settings/Settings.svelte'
import Studies from './study/Studies.svelte'
import Study from './study/Study.svelte'
import FineTune from './tuning/FineTune.svelte'
import TuningSet from './tuning/Set.svelte'
import Tuning from './tuning/Tuning.svelte'
import Tunings from './tuning/Tunings.svelte'
import Welcome from './Welcome.svelte'

const checkpoint = (id: number) => checkpoints.of(id)?.name ?? `Checkpoint ${id}`
const dataSet = (id: number) => dataSets.of(id)?.name ?? `Data set ${id}`
const inLibrary = { under: 'library' }

export const pages: readonly Page[] = [
  page('welcome', '/', 'Welcome', Welcome, { nav: 'Alt+W' }),
  page('library', '/library', 'Library', Library, { nav: 'Alt+B' }),
  page('checkpoint', '/library/:id', ({ id }) => checkpoint(id), Checkpoint, inLibrary),
  page('compare', '/compare/:a/:b', 'Compare', Compare, inLibrary),
  page('compatible', '/compatible/:pretrained/:others+', 'Compatibility', Compatible, inLibrary),
  page('recipe', '/recipe', 'Recipe', Recipe, inLibrary),
  page('merge', '/merge', 'Merge', Merge, inLibrary),
  page('data', '/data', 'Data', Data, { nav: 'Alt+I' }),
  page('data-set', '/data/:id', ({ id }) => dataSet(id), DataSet, { under: 'data' }),
  page('fine-tune', '/fine-tune', 'Fine-tune', FineTune, { nav: 'Alt+O', action: 'Fine-tune a model' }),
  page('tunings', '/tunings', 'Fine-tunings', Tunings, { under: 'fine-tune' }),
  page('tuning', '/tunings/:tuning', ({ tuning }) => `Fine-tuning ${tuning}`, Tuning, { under: 'fine-tune' }),
  page('tuning-set', '/tunings/set/:tunings+', 'A set of fine-tunings', TuningSet, { under: 'fine-tune' }),
  page('compose', '/compose', 'Compose', Compose, { nav: 'Alt+N', also: ['Mod+N'], action: 'New run', icon: Layers }),
  page('run', '/run/:run', ({ run }) => `Run ${run}`, Run),
  page('mix', '/run/:run/mix', ({ run }) => `Live accuracy of run ${run}`, Mix, { under: 'history' }),
  page('compare-runs', '/runs/compare/:runs+', 'Compare runs', CompareRuns, { under: 'history' }),
  page('lineage', '/lineage/run/:run', ({ run }) => `Lineage of run ${run}`, RunLineage, { under: 'history' }),
  page('model-lineage', '/lineage/model/:id', ({ id }) => `Lineage of ${checkpoint(id)}`, ModelLineage, inLibrary),
  page('studies', '/studies', 'Studies', Studies, { nav: 'Alt+T' }),
  page('study', '/study/:study', ({ study }) => `Study ${study}`, Study),
  page('evaluations', '/evaluations', 'Evaluations', Evaluations, { nav: 'Alt+V' }),
  page('evaluation', '/evaluation/:evaluation', ({ evaluation }) => `Evaluation ${evaluation}`, Evaluation),
  page('queue', '/queue', 'Queue', Queue, { nav: 'Alt+Q' }),
  page('history', '/history', 'History', History, { nav: 'Alt+H' }),
  page('engine', '/engine', 'Engine', Engine, { nav: 'Alt+G' }),
  page('clusters', '/clusters', 'Clusters', Clusters, { nav: 'Alt+F' }),
  page('settings', '/settings', 'Settings', Settings, { key: 'Mod+,', action: 'Settings', icon: SettingsIcon }),
  page('help', '/help', 'Help', Help, { key: 'F1', action: 'Help', icon: CircleQuestionMark }),
  page('topic', '/help/:topic*', ({ topic }) => topicOf(topic)?.title ?? 'Help', Topic, { under: 'help' }),
  page('problem', '/problem', 'Report a problem', Problem, { under: 'help' }),
  page('nowhere', '/nowhere', 'There is no such page', Nowhere),
]
