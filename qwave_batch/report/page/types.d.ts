/** The data files of a report, as qwave_batch/report writes them. */

interface FolderData {
  id: string | null;
  name: string | null;
  label: string;
  spec_sha256: string | null;
}

interface PromptData {
  id: string;
  text: string;
}

interface AxisData {
  name: string;
  values: string[];
}

interface ErrorData {
  code: string;
  message: string;
}

/** `ImageData` is a type of the browser. */
interface ImageData_ {
  /** 32 hex digits. */
  hash: string;
  width: number;
  height: number;
  /** Base64 of nine RGB pixels, or empty. */
  tiny: string;
  thumb: boolean;
  /** In the order of `scores` of the index; null for one that the image does not have. Not there where it has none. */
  scores?: Array<number | null>;
}

/** A number that a scorer gives to images. */
interface ScoreData {
  /** Such as `ocr.cer`. */
  name: string;
  /** The bounds of its range; null for none. */
  low: number | null;
  high: number | null;
  better: "higher" | "lower" | null;
  unit: string;
}

interface PlaceData {
  prompt: number;
  model: number;
  /** The value of each axis, -1 for none. */
  axes: number[];
  tags: number[];
  repeat: number;
  /** Its stage does not choose the model, which follows from the parent: not an axis there. */
  modelFollows?: true;
}

interface JobData {
  id: string;
  folder: number;
  /** Of its first place: the name that the spec gives to the model and its settings, else the model's own. */
  model: number;
  status: string;
  error: number | null;
  /** USD. */
  cost: number;
  seconds: number | null;
  detail: number;
  images: ImageData_[];
  /** The number of its stage; not there for a job of a folder without stages. */
  stage?: number;
  /** The jobs that it is made from, by their number in `jobs`, its own parent first, each with the place of the image that it takes, if it takes one. */
  parents?: Array<[number, number | null]>;
  places: PlaceData[];
}

/** A job beside the one of the first folder that it belongs to, both by their number in `jobs`. */
interface ChangeData {
  /** The later of the two folders. */
  folder: number;
  kind: "same" | "changed" | "new" | "gone";
  before: number | null;
  after: number | null;
}

interface IndexData {
  format: number;
  revision: string;
  title: string;
  folders: FolderData[];
  prompts: PromptData[];
  models: string[];
  tags: string[];
  axes: AxisData[];
  /** There where a spec has stages: their names, each behind those that it is made from. */
  stages?: string[];
  errors: ErrorData[];
  jobs: JobData[];
  /** There where images have scores. */
  scores?: ScoreData[];
  /** There with two or more folders. */
  changes?: ChangeData[];
}

interface RevisionData {
  revision: string;
  live: boolean;
  made_at: string;
}

/** What a scorer said of an image beside its numbers. */
interface ScoreDetail {
  scorer: string;
  version: string;
  details: unknown;
  error: { code: string; message: string } | null;
}

interface DetailImage {
  path: string;
  bytes: number;
  format: string;
  original: string;
  /** There where a scorer said something. */
  scores?: ScoreDetail[];
  /** The scores of pairs that this image is the first of, by full name. */
  pairs?: Array<{ other: { job_id: string; image: number }; scores: { [name: string]: number } }>;
}

interface DetailData {
  job_id: string;
  prompt: string;
  request: { [name: string]: unknown };
  seed: number | null;
  axes: { [name: string]: unknown };
  tags: string[];
  meta: { [name: string]: unknown };
  task_id: string | null;
  attempts: number;
  submitted_at: string | null;
  completed_at: string | null;
  error: { code: string; message: string } | null;
  images: DetailImage[];
  spec: string | null;
}

/** Axis, criterion, rater, pair, left job and image, right job and image, winner, moment, number of the folder. */
type VoteRow = [string, string, string, string, string, number, string, number, string, string, number];

interface ResultsData {
  format: number;
  /** Why some of the results are null. */
  unavailable: string | null;
  /** The votes that the run folders hold; null when they are too many to be counted in the page. */
  votes: VoteRow[] | null;
  /** The result of each axis and criterion; of several criteria also all together, first. */
  results: StoredResult[];
}

interface StoredNumbers {
  votes: number;
  raters: string[];
  prompts: number;
  alpha: number | null;
  win_rates: Array<{
    value: string; against: string; wins: number; losses: number; ties: number; prompts: number;
    rate: number; low: number; high: number; boot_low: number | null; boot_high: number | null;
  }>;
  strengths: Array<{ value: string; strength: number; low: number | null; high: number | null; group: number }> | null;
  more_votes: {
    pairs: Array<{ value: string; against: string; outcome: "better" | "equal" | "open"; votes: number; prompts: number }>;
  };
  warnings: string[];
}

interface StoredResult extends StoredNumbers {
  axis: string;
  criterion: string | null;
  by_tag: { [tag: string]: StoredNumbers };
}

/** What somebody thinks of an image. */
interface PickData {
  job_id: string;
  /** The number of the job's folder in the report. */
  folder: number;
  /** The image's number in the job. */
  image: number;
  verdict: "keep" | "reject" | null;
  /** 1 to 5. */
  rating: number | null;
  rater: string;
  /** When, in ISO 8601 with a Z. */
  at: string;
}

interface LatencyData {
  model?: string;
  stage?: string;
  /** Null for all folders together. */
  folder: number | null;
  count: number;
  least: number;
  p05: number;
  p25: number;
  p50: number;
  p75: number;
  p95: number;
  greatest: number;
  histogram: number[];
}

interface OutcomeData {
  model?: string;
  /** Null for jobs without a tag. */
  tag?: string | null;
  stage?: string;
  folder: number | null;
  jobs: number;
  completed: number;
  failed: number;
  refused: number;
  skipped: number;
  cancelled: number;
  unknown: number;
  pending: number;
}

interface ErrorCountData {
  code: string;
  status: string;
  model: string;
  folder: number | null;
  jobs: number;
  message: string;
}

interface CostData {
  model?: string;
  stage?: string;
  folder: number | null;
  usd: number;
  jobs: number;
  completed: number;
  images: number;
  usd_per_image: number | null;
  usd_per_completed: number | null;
}

interface SessionData {
  folder: number;
  started_at: string;
  ended_at: string;
  images: number;
  images_per_minute: number;
  bin_seconds: number;
  counts: number[];
}

interface LimitData {
  folder: number;
  started_at: string;
  submits: number;
  polls: number;
  downloads: number;
  retried: number;
  /** Null for a run that did not record it. */
  throttled: Array<{ calls: string; model: string | null; count: number }> | null;
  waits: Array<{ kind: string; seconds: number }> | null;
}

interface ScoreRowData {
  /** Which of the outputs. */
  score: number;
  model: string;
  folder: number | null;
  images: number;
  /** Null for a score of a whole set, which has no interval. */
  prompts: number | null;
  mean: number;
  low: number | null;
  high: number | null;
}

interface PricedScoreData {
  score: number;
  model: string;
  folder: number | null;
  mean: number;
  low: number | null;
  high: number | null;
  usd_per_image: number;
  /** Null where it says nothing. */
  per_usd: number | null;
}

/** `data/figures.js`. */
interface FiguresData {
  format: number;
  folders: string[];
  latency: { edges: number[]; relative_error: number; rows: LatencyData[] };
  outcomes: { by_model: OutcomeData[]; by_tag: OutcomeData[]; by_error: ErrorCountData[] };
  costs: CostData[];
  rate: { sessions: SessionData[] };
  limits: LimitData[];
  /** There where images, pairs or sets have scores. */
  scores?: { outputs: ScoreData[]; rows: ScoreRowData[]; priced: PricedScoreData[] };
  /** There where a spec has stages. */
  stages?: { latency: LatencyData[]; outcomes: OutcomeData[]; costs: CostData[] };
}
