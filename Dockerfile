# One image for the three processes; docker-compose.yml names which one a container runs.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN npx vite build web && npm prune --omit=dev --omit=optional --ignore-scripts

FROM node:24.21.0-bookworm-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends ffmpeg tini \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build --chown=root:root /app ./
# What a collab-server could not commit before its end waits here for the next.
RUN install -d -o node -g node /data
ENV NODE_ENV=production APP_ENV=production HOST=0.0.0.0 COLLAB_HOST=0.0.0.0
USER node
# The first process of a container must wait for dead children, which Node does not do.
ENTRYPOINT ["tini", "--"]
CMD ["node", "web/server.ts"]
