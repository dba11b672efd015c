// How elements are made: by name, attributes and children, and text is always text.

/** @typedef {Node | string | null | undefined | false} Child */
/** @typedef {Record<string, string | boolean | null | undefined | ((event: any) => void)>} Attributes */

/**
 * An element; functions among the attributes are listeners, and no attribute takes markup.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(.../** @type {(Node | string)[]} */ (children.filter((child) => child)));
  return element;
}

const PATHS = {
  chat: "M4.5 13.5V11A2.5 2.5 0 0 1 2.2 8.5v-3A2.5 2.5 0 0 1 4.7 3h6.6a2.5 2.5 0 0 1 2.5 2.5v3a2.5 2.5 0 0 1-2.5 2.5H7.5z",
  assistant: "M4.5 11.5v-2A2.5 2.5 0 0 1 2.5 7V4.8A2.3 2.3 0 0 1 4.8 2.5h6.4a2.3 2.3 0 0 1 2.3 2.3V7a2.4 2.4 0 0 1-2.3 2.5H7.5zM2.5 14h11",
  down: "M3.5 6 8 10.5 12.5 6",
  up: "M5 13V7l2.7-4.7c1.2 0 1.6.9 1.4 2L8.7 6h3.6c.8 0 1.3.7 1.1 1.5l-.9 4.2c-.2.8-.7 1.3-1.5 1.3zM5 7H2.6v6H5",
  thumbdown: "M5 3v6l2.7 4.7c1.2 0 1.6-.9 1.4-2L8.7 10h3.6c.8 0 1.3-.7 1.1-1.5l-.9-4.2C12.2 3.5 11.7 3 10.9 3zM5 9H2.6V3H5",
  person: "M8 2.4a2.6 2.6 0 1 0 0 5.2 2.6 2.6 0 0 0 0-5.2zM3 13.5c.4-2.9 2.4-4.5 5-4.5s4.6 1.6 5 4.5",
  send: "M13.5 2.5 7 9M13.5 2.5 9.3 13.5 7 9 2.5 6.7z",
  check: "M3 8.5 6.3 11.8 13 4.8",
  waiting: "M8 1.4a6.6 6.6 0 1 0 0 13.2A6.6 6.6 0 0 0 8 1.4zM8 4.5V8l2.4 1.6",
  cross: "M4 4l8 8M12 4l-8 8",
  hand: "M2.5 6.5h8M7.5 3.5l3 3-3 3M13.5 2.5v11M10.5 13.5h-5",
  alert: "M8 2.2 14.4 13.4H1.6zM8 6.4v3.2M8 11.4v.3",
};

/**
 * A drawing beside a name; it says nothing to those who do not see it.
 * @param {keyof typeof PATHS} name
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(space, "svg");
  drawing.setAttribute("viewBox", "0 0 16 16");
  drawing.setAttribute("class", "icon");
  drawing.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", PATHS[name]);
  drawing.append(path);
  return drawing;
}
