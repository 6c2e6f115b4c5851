import type {
  GenerateContentResponseUsageMetadata,
  GroundingMetadata,
  LogprobsResult,
  Content as VendorContent,
  FinishReason as VendorFinishReason,
  Part as VendorPart,
} from '@google/genai';
import type { JsonObject } from '../../openai/wire.ts';

/**
 * Gemini's wire format, as far as conversion reads and writes it. The vendor's package gives types only; nothing of it
 * runs. Answers may hold more than is named here, and less: no field is relied upon.
 * https://ai.google.dev/api/generate-content
 */
export type Part = VendorPart;

export interface Content extends VendorContent {
  role: 'user' | 'model';
  parts: Part[];
}

/** The vendor's enum as the strings that are on the wire. */
export type FinishReasonName = `${VendorFinishReason}`;

export type UsageMetadata = Partial<GenerateContentResponseUsageMetadata>;

export interface Candidate {
  index?: number;
  content?: { role?: string; parts?: Part[] };
  /** A `FinishReasonName`, or one that is newer than this code. */
  finishReason?: string;
  finishMessage?: string;
  groundingMetadata?: GroundingMetadata;
  logprobsResult?: LogprobsResult;
}

/** A whole answer, and each event of a stream. */
export interface GenerateContentResponse {
  candidates?: Candidate[];
  promptFeedback?: { blockReason?: string; blockReasonMessage?: string };
  usageMetadata?: UsageMetadata;
  modelVersion?: string;
  responseId?: string;
  createTime?: string;
  error?: unknown;
}

export interface FunctionDeclaration {
  name: string;
  description?: string;
  /** JSON Schema, for models that take it. */
  parametersJsonSchema?: JsonObject;
  /** Google's own subset of OpenAPI's schema, for the older ones. */
  parameters?: JsonObject;
}

/** https://cloud.google.com/apis/design/errors#http_mapping */
export interface ErrorStatus {
  code?: unknown;
  message?: unknown;
  status?: unknown;
  details?: {
    '@type'?: string;
    reason?: string;
    retryDelay?: string;
    fieldViolations?: { field?: string }[];
  }[];
}
