import type { Findings } from './findings.ts';
import type { MessagesRequest } from './wire.ts';

/**
 * Betas without which the vendor refuses what is in the request. A caller who names one of the same family knows better.
 * https://platform.claude.com/docs/en/api/beta-headers
 */
export function requiredBetas(request: MessagesRequest, findings: Findings): string[] {
  const tools = request.tools ?? [];
  const toolsets = tools.some((tool) => String(tool.type) === 'mcp_toolset');
  return [
    ...(findings.usesFiles ? ['files-api-2025-04-14'] : []),
    ...(request.context_management === undefined ? [] : ['context-management-2025-06-27']),
    ...(request.mcp_servers === undefined
      ? []
      : [toolsets ? 'mcp-client-2025-11-20' : 'mcp-client-2025-04-04']),
  ];
}

export function withBetas(headers: Record<string, string>, betas: string[]): Record<string, string> {
  const given = (headers['anthropic-beta'] ?? '').split(',').map((beta) => beta.trim());
  const family = (beta: string) => beta.replace(/-\d{4}-\d{2}-\d{2}$/, '');
  const families = new Set(given.map(family));
  const all = [...given, ...betas.filter((beta) => !families.has(family(beta)))].filter(
    (beta) => beta !== '',
  );
  return all.length > 0 ? { ...headers, 'anthropic-beta': all.join(',') } : headers;
}
