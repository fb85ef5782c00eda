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
}

interface PlaceData {
  prompt: number;
  model: number;
  /** The value of each axis, -1 for none. */
  axes: number[];
  tags: number[];
  repeat: number;
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
  places: PlaceData[];
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
  errors: ErrorData[];
  jobs: JobData[];
}

interface RevisionData {
  revision: string;
  live: boolean;
  made_at: string;
}

interface DetailImage {
  path: string;
  sha256: string;
  bytes: number;
  format: string;
  original: string;
}

interface DetailData {
  job_id: string;
  prompt_id: string;
  prompt: string;
  model: string;
  action: string;
  request: { [name: string]: unknown };
  seed: number | null;
  axes: { [name: string]: unknown };
  tags: string[];
  meta: { [name: string]: unknown };
  repeat: number;
  task_id: string | null;
  attempts: number;
  submitted_at: string | null;
  completed_at: string | null;
  seconds: number | null;
  cost_usd: number;
  cost_from: string | null;
  error: { code: string; message: string } | null;
  images: DetailImage[];
  spec: string | null;
}
