// Reading of the server's OpenAPI document: operations by tag, and schemas as short type texts.

export type Json = { [name: string]: unknown };

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  type: string;
  doc: string;
}

export interface Operation {
  id: string;
  method: string;
  path: string;
  tag: string;
  summary: string;
  doc: string;
  parameters: Parameter[];
  body: { types: string[]; schema: Json | null; required: boolean } | null;
  answers: { status: string; doc: string; types: string[]; schema: Json | null }[];
}

export interface Document {
  version: string;
  description: string;
  /** What every path begins with. */
  base: string;
  operations: Operation[];
  schemas: Json;
}

export function readDocument(given: unknown): Document {
  const root = object(given);
  const components = object(root.components);
  const server = object(list(root.servers)[0]);
  const operations: Operation[] = [];
  for (const [path, methods] of Object.entries(object(root.paths))) {
    for (const [method, one] of Object.entries(object(methods))) {
      if (['get', 'put', 'post', 'delete', 'head', 'patch'].includes(method)) operations.push(operationOf(path, method, object(one), root));
    }
  }
  return {
    version: text(object(root.info).version), description: text(object(root.info).description), base: text(server.url),
    operations, schemas: object(components.schemas),
  };
}

export function byTag(operations: Operation[]): [tag: string, operations: Operation[]][] {
  const groups = new Map<string, Operation[]>();
  for (const one of operations) groups.set(one.tag, [...(groups.get(one.tag) ?? []), one]);
  return [...groups];
}

function operationOf(path: string, method: string, one: Json, root: Json): Operation {
  const body = object(follow(one.requestBody, root));
  const content = object(body.content);
  return {
    id: `${method} ${path}`, method: method.toUpperCase(), path,
    tag: text(list(one.tags)[0]) || 'other', summary: text(one.summary), doc: text(one.description),
    parameters: list(one.parameters).map((given) => {
      const parameter = object(follow(given, root));
      const where = text(parameter.in);
      return {
        name: text(parameter.name), in: where === 'path' || where === 'header' ? where : 'query', required: parameter.required === true,
        type: schemaText(object(parameter.schema)), doc: text(parameter.description),
      };
    }),
    body: Object.keys(content).length > 0 ? { types: Object.keys(content), schema: schemaIn(content), required: body.required === true } : null,
    answers: Object.entries(object(one.responses)).map(([status, given]) => {
      const answer = object(follow(given, root));
      return { status, doc: text(answer.description), types: Object.keys(object(answer.content)), schema: schemaIn(object(answer.content)) };
    }),
  };
}

function schemaIn(content: Json): Json | null {
  const media = object(content['application/json'] ?? content['application/problem+json'] ?? Object.values(content)[0]);
  return media.schema === undefined ? null : object(media.schema);
}

/** A schema as a type: `{ id: string, size: integer }`. Named ones keep their name. */
export function schemaText(schema: unknown, indent = ''): string {
  if (schema === true) return 'any';
  const one = object(schema);
  if (typeof one.$ref === 'string') return one.$ref.split('/').at(-1) ?? 'any';
  if (Array.isArray(one.enum)) return one.enum.map((value) => JSON.stringify(value)).join(' | ');
  if ('const' in one) return JSON.stringify(one.const);
  for (const word of ['oneOf', 'anyOf']) {
    if (Array.isArray(one[word]) && one.properties === undefined) return one[word].map((part) => schemaText(part, indent)).join(' | ');
  }
  if (Array.isArray(one.allOf)) return one.allOf.map((part) => schemaText(part, indent)).join(' & ');
  const types = list(one.type).length > 0 ? list(one.type) : one.type === undefined ? [] : [one.type];
  return types.map((type) => typeText(text(type), one, indent)).join(' | ') || 'any';
}

function typeText(type: string, one: Json, indent: string): string {
  if (type === 'array') {
    const item = schemaText(one.items ?? true, indent);
    return /[|&]/.test(item) ? `(${item})[]` : `${item}[]`;
  }
  if (type !== 'object') return type === 'string' && one.format === 'date-time' ? 'time' : type;
  const properties = Object.entries(object(one.properties));
  if (properties.length === 0) return one.additionalProperties ? `{ [name]: ${schemaText(one.additionalProperties, indent)} }` : 'object';
  const required = list(one.required);
  const inner = `${indent}  `;
  const rows = properties.map(([name, own]) => {
    const doc = text(object(own).description).split('\n')[0] ?? '';
    return `${inner}${name}${required.includes(name) ? '' : '?'}: ${schemaText(own, inner)}${doc ? `  // ${doc}` : ''}`;
  });
  return `{\n${rows.join('\n')}\n${indent}}`;
}

/** The named types that a text of types mentions, in order, each with what it is; as deep as they go. */
export function mentioned(schema: Json, schemas: Json): [name: string, text: string][] {
  const found = new Map<string, string>();
  const look = (one: unknown): void => {
    if (Array.isArray(one)) one.forEach(look);
    else if (typeof one === 'object' && one !== null) {
      for (const [word, value] of Object.entries(one)) {
        const name = word === '$ref' && typeof value === 'string' ? (value.split('/').at(-1) ?? '') : '';
        if (name && !found.has(name) && Object.hasOwn(schemas, name)) {
          found.set(name, schemaText(schemas[name]));
          look(schemas[name]);
        } else look(value);
      }
    }
  };
  look(schema);
  return [...found];
}

function follow(given: unknown, root: Json): unknown {
  const reference = object(given).$ref;
  if (typeof reference !== 'string') return given;
  return reference.split('/').slice(1).reduce<unknown>((at, part) => object(at)[part], root);
}

function object(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
