/* See chat.h. */

#define _GNU_SOURCE
#include "chat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resources.h"
#include "stomp.h"
#include "websocket.h"

/* In dialect 2 a chat session is active when all of these have their RECEIPT. */
enum {
    CHANNEL_TOPIC_COUNT = 11,
    CHANNELS_MAX = 1 << 20,
    USERS_MAX = 1 << 18,
    ID_MAX_BYTES = 256,
    MESSAGE_ID_BYTES = 18,
    ACK_ID_BYTES = 27,
};

struct chat_settings settings;
struct chat_counts chat;

static struct channel channels[CHANNELS_MAX];
static uint32_t highest_channel;
static char *user_names[USERS_MAX];
static uint32_t user_slots[2 * USERS_MAX];
static uint32_t user_count;
static uint64_t message_number, delivery_number;
static uint32_t next_fed_channel = 1;

static void queue_receipt(struct connection *connection, const struct frame *frame) {
    char text[ID_MAX_BYTES + 64];
    struct text receipt = header(frame, "receipt");
    if (receipt.count == 0 || receipt.count > ID_MAX_BYTES)
        return;
    int count = snprintf(text, sizeof text, "RECEIPT\nreceipt-id:%.*s\n\n", (int)receipt.count,
                         receipt.at);
    connection_queue(connection, text, (size_t)count + 1);
}

/* A MESSAGE that is no delivery: an answer to a relay, a completing event, an error. */
struct answer {
    struct text destination;
    struct text subscription;
    struct text extra; /* Complete header lines. */
    const char *body;
    size_t body_bytes;
};

static void queue_answer(struct connection *connection, const struct answer *answer) {
    char text[RESOURCE_MAX_BYTES + 2048];
    int count = snprintf(text, sizeof text,
                         "MESSAGE\ndestination:%.*s\n"
                         "content-type:application/json;charset=UTF-8\nsubscription:%.*s\n"
                         "message-id:m-%016llx\n%.*scontent-length:%zu\n\n%.*s",
                         (int)answer->destination.count, answer->destination.at,
                         (int)answer->subscription.count, answer->subscription.at,
                         (unsigned long long)++delivery_number, (int)answer->extra.count,
                         answer->extra.at, answer->body_bytes, (int)answer->body_bytes,
                         answer->body);
    if (count < 0 || (size_t)count >= sizeof text)
        chat.stray_frames++;
    else
        connection_queue(connection, text, (size_t)count + 1);
}

/* Report a failure on the errors queue, by the id of a relay or the receipt of an action. */
static void queue_error(struct connection *connection, const char *header_name, struct text id,
                        const char *error, const char *message) {
    char body[1024], extra[ID_MAX_BYTES + 64];
    chat.errors_sent++;
    if (connection->errors_subscription == NULL)
        return;
    int extra_bytes =
        snprintf(extra, sizeof extra, "%s:%.*s\n", header_name, (int)id.count, id.at);
    struct answer answer = {
        .destination = {"/user/queue/errors", 18},
        .subscription = {connection->errors_subscription, strlen(connection->errors_subscription)},
        .extra = {extra, (size_t)extra_bytes},
        .body = body,
        .body_bytes = write_error(body, sizeof body, error, message),
    };
    queue_answer(connection, &answer);
}

/* --- users and channels ------------------------------------------------------------------- */

/* Return the id of a user, made on first sight: two devices may share a user. */
static uint32_t user_id_of(struct text name) {
    uint64_t hash = 1469598103934665603u;
    for (size_t i = 0; i < name.count; i++)
        hash = (hash ^ (uint8_t)name.at[i]) * 1099511628211u;
    for (uint32_t slot = hash % (2 * USERS_MAX);; slot = (slot + 1) % (2 * USERS_MAX)) {
        uint32_t id = user_slots[slot];
        if (id != 0 && equals(name, user_names[id]))
            return id;
        if (id != 0)
            continue;
        if (user_count + 1 == USERS_MAX) {
            fprintf(stderr, "feeder: more than %d users\n", USERS_MAX - 1);
            exit(1);
        }
        user_slots[slot] = ++user_count;
        user_names[user_count] = copy(name);
        return user_count;
    }
}

/* Return the id of the channel of that name, made on first sight. A run has few named channels. */
static uint32_t channel_id_of(struct text name, bool *is_new) {
    *is_new = false;
    for (uint32_t id = 1; id <= highest_channel; id++)
        if (channels[id].name != NULL && equals(name, channels[id].name))
            return id;
    *is_new = true;
    if (highest_channel + 1 < CHANNELS_MAX)
        highest_channel++;
    channels[highest_channel].name = copy(name);
    return highest_channel;
}

/* Read the id that follows a prefix of a destination; 0 if none does. */
static uint32_t id_after(struct text destination, const char *prefix) {
    if (!starts_with(destination, prefix))
        return 0;
    unsigned long id = strtoul(destination.at + strlen(prefix), NULL, 10);
    return id < CHANNELS_MAX ? (uint32_t)id : 0;
}

static size_t channel_resource(char *out, size_t capacity, const char *type, uint32_t id) {
    char generated[32];
    const char *name = id <= highest_channel ? channels[id].name : NULL;
    if (name == NULL) {
        snprintf(generated, sizeof generated, "channel-%u", id);
        name = generated;
    }
    return write_channel(out, capacity, type, id, name);
}

/* --- deliveries --------------------------------------------------------------------------- */

/* What is alike in all copies of a message: the end of the head, the body, the NUL. */
struct publication {
    size_t tail_bytes;
    char tail[EVENT_MAX_BYTES];
};

static void write_hex(char *out, uint64_t value, int digits) {
    for (int i = digits - 1; i >= 0; i--, value >>= 4)
        out[i] = "0123456789abcdef"[value & 15];
}

/* Send one copy. `receipt` is a complete header line for the copy that completes an action. */
static void deliver(struct subscription *subscription, const struct publication *publication,
                    struct text receipt) {
    static uint8_t frame[WS_HEADER_MAX_BYTES + 2048 + EVENT_MAX_BYTES];
    size_t payload = subscription->head_bytes + MESSAGE_ID_BYTES + 5 + ACK_ID_BYTES +
                     receipt.count + publication->tail_bytes;
    char *at = (char *)frame + ws_write_header(frame, WS_OPCODE_TEXT, payload);
    memcpy(at, subscription->head, subscription->head_bytes);
    at += subscription->head_bytes;
    delivery_number++;
    memcpy(at, "m-", 2);
    write_hex(at + 2, delivery_number, 16);
    memcpy(at + MESSAGE_ID_BYTES, "\nack:", 5);
    at += MESSAGE_ID_BYTES + 5;
    write_hex(at, subscription->connection->number, 8);
    at[8] = '-';
    write_hex(at + 9, delivery_number, 18);
    at += ACK_ID_BYTES;
    memcpy(at, receipt.at, receipt.count);
    memcpy(at + receipt.count, publication->tail, publication->tail_bytes);
    at += receipt.count + publication->tail_bytes;
    if (connection_send(subscription->connection, frame, (size_t)(at - (char *)frame)))
        chat.deliveries++;
}

static bool render(struct publication *publication, const struct message_content *content) {
    char body[EVENT_MAX_BYTES - 64];
    size_t body_bytes = write_message_created(body, sizeof body, content);
    if (body_bytes == 0)
        return false;
    int count = snprintf(publication->tail, sizeof publication->tail, "\ncontent-length:%zu\n\n",
                         body_bytes);
    memcpy(publication->tail + count, body, body_bytes + 1);
    publication->tail_bytes = (size_t)count + body_bytes + 1;
    return true;
}

uint32_t chat_next_fan_out(void) {
    for (uint32_t tried = 0; tried < highest_channel; tried++) {
        if (next_fed_channel > highest_channel)
            next_fed_channel = 1;
        if (channels[next_fed_channel].subscription_count > 0)
            return channels[next_fed_channel].subscription_count;
        next_fed_channel++;
    }
    return 0;
}

void chat_feed(uint64_t due_ns) {
    static struct publication publication;
    char properties[256];
    uint32_t fan_out = chat_next_fan_out();
    if (fan_out == 0)
        return;
    message_number++;
    struct message_content content = {
        .message_id = message_number,
        .channel_id = next_fed_channel,
        .user_id = USERS_MAX,
        .user_name = "feeder",
        .text = "hello",
        .text_length = 5,
        .properties = properties,
        .properties_length =
            write_mark(properties, sizeof properties, settings.run, message_number, due_ns),
    };
    struct channel *channel = &channels[next_fed_channel++];
    render(&publication, &content);
    chat.messages++;
    for (uint32_t i = 0; i < fan_out; i++)
        deliver(channel->subscriptions[i], &publication, (struct text){"", 0});
}

/* Publish a device's own message to its channel, its sender included. */
static void publish(struct connection *author, const struct frame *frame, uint32_t channel_id) {
    static struct publication publication;
    char receipt_line[ID_MAX_BYTES + 64];
    struct text properties = json_value(frame->body, "\"properties\":", '{');
    struct text text = json_value(frame->body, "\"body\":", '"');
    struct text receipt = header(frame, "receipt");
    struct message_content content = {
        .message_id = ++message_number,
        .channel_id = channel_id,
        .user_id = author->user_id,
        .user_name = user_names[author->user_id],
        .text = text.at,
        .text_length = text.count,
        .properties = properties.count > 0 ? properties.at : "{}",
        .properties_length = properties.count > 0 ? properties.count : 2,
    };
    if (!render(&publication, &content)) {
        queue_error(author, "receipt-id", receipt, "ClientError", "message is too long");
        return;
    }
    int receipt_bytes = snprintf(receipt_line, sizeof receipt_line, "\nreceipt-id:%.*s",
                                 (int)receipt.count, receipt.at);
    /* The RECEIPT is queued, and has to leave before the event that completes the action. */
    connection_flush();
    chat.messages++;
    struct channel *channel = &channels[channel_id];
    bool is_completed = receipt.count == 0;
    for (uint32_t i = 0; i < channel->subscription_count; i++) {
        struct subscription *subscription = channel->subscriptions[i];
        bool completes = !is_completed && subscription->connection == author;
        is_completed = is_completed || completes;
        deliver(subscription, &publication,
                (struct text){receipt_line, completes ? (size_t)receipt_bytes : 0});
    }
}

/* --- subscriptions ------------------------------------------------------------------------ */

static void remember_messages_topic(struct connection *connection, struct text destination,
                                    struct text id, uint32_t channel_id) {
    char head[1024];
    int head_bytes = snprintf(head, sizeof head,
                              "MESSAGE\ndestination:%.*s\n"
                              "content-type:application/json;charset=UTF-8\n"
                              "subscription:%.*s\nmessage-id:",
                              (int)destination.count, destination.at, (int)id.count, id.at);
    struct subscription *subscription = malloc(sizeof *subscription + (size_t)head_bytes);
    struct channel *channel = &channels[channel_id];
    if (channel->subscription_count == channel->subscription_capacity) {
        channel->subscription_capacity = 2 * channel->subscription_capacity + 4;
        channel->subscriptions =
            realloc(channel->subscriptions,
                    channel->subscription_capacity * sizeof *channel->subscriptions);
    }
    if (subscription == NULL || channel->subscriptions == NULL) {
        perror("malloc");
        exit(1);
    }
    if (channel_id > highest_channel)
        highest_channel = channel_id;
    subscription->connection = connection;
    subscription->channel = channel;
    subscription->next = connection->subscriptions;
    subscription->index = channel->subscription_count;
    subscription->head_bytes = (uint16_t)head_bytes;
    subscription->id = copy(id);
    memcpy(subscription->head, head, (size_t)head_bytes);
    connection->subscriptions = subscription;
    channel->subscriptions[channel->subscription_count++] = subscription;
}

static void free_subscription(struct subscription *subscription) {
    struct channel *channel = subscription->channel;
    struct subscription *last = channel->subscriptions[--channel->subscription_count];
    channel->subscriptions[subscription->index] = last;
    last->index = subscription->index;
    free(subscription->id);
    free(subscription);
}

static void unsubscribe(struct connection *connection, struct text id) {
    for (struct subscription **link = &connection->subscriptions; *link != NULL;
         link = &(*link)->next) {
        struct subscription *subscription = *link;
        if (!equals(id, subscription->id))
            continue;
        *link = subscription->next;
        free_subscription(subscription);
        return;
    }
}

void chat_forget(struct connection *connection) {
    while (connection->subscriptions != NULL) {
        struct subscription *subscription = connection->subscriptions;
        connection->subscriptions = subscription->next;
        free_subscription(subscription);
    }
    if (connection->is_active)
        chat.active_devices--;
    free(connection->errors_subscription);
    free(connection->channels_subscription);
    free(connection->channels_destination);
}

static void subscribe_topic(struct connection *connection, struct text destination,
                            struct text id) {
    uint32_t channel_id = id_after(destination, "/topic/channels/");
    if (channel_id != 0) {
        if (ends_with(destination, ".messages"))
            remember_messages_topic(connection, destination, id, channel_id);
        if (++connection->channel_topic_count == CHANNEL_TOPIC_COUNT) {
            connection->is_active = true;
            chat.active_devices++;
        }
    } else if (ends_with(destination, ".channels")) {
        free(connection->channels_subscription);
        free(connection->channels_destination);
        connection->channels_subscription = copy(id);
        connection->channels_destination = copy(destination);
    }
}

static void answer_relay(struct connection *connection, struct text destination, struct text id) {
    char body[RESOURCE_MAX_BYTES];
    struct answer answer = {.destination = destination, .subscription = id, .body = body};
    uint32_t channel_id = id_after(destination, "/application/channels/");
    const char *dot = memchr(destination.at, '.', destination.count);
    bool is_whole = dot != NULL && equals((struct text){dot, destination.count -
                                                                 (size_t)(dot - destination.at)},
                                          ".relay");
    if (equals(destination, "/application/user.relay"))
        answer.body_bytes = write_current_user(body, sizeof body, connection->user_id,
                                               user_names[connection->user_id]);
    else if (ends_with(destination, "_file_access_grant.relay"))
        answer.body_bytes = write_grant(body, sizeof body);
    else if (channel_id != 0 && is_whole)
        answer.body_bytes = channel_resource(body, sizeof body, "resource.relayed", channel_id);
    if (answer.body_bytes > 0)
        queue_answer(connection, &answer);
    else
        queue_error(connection, "subscription-id", id, "ResourceNotFoundError",
                    "the feeder has no such resource");
}

/* --- commands ----------------------------------------------------------------------------- */

static void serve_connect(struct connection *connection, const struct frame *frame) {
    char text[2048];
    struct text user = header(frame, "StompX-User");
    connection->user_id = user_id_of(user);
    int count = snprintf(text, sizeof text,
                         "CONNECTED\nversion:1.2\nheart-beat:%s\n"
                         "session:00000000-0000-4000-8000-%012u\nuser-name:%.*s\n\n",
                         settings.heart_beat, connection->number, (int)user.count, user.at);
    if (count > 0 && (size_t)count < sizeof text)
        connection_queue(connection, text, (size_t)count + 1);
}

static void serve_subscribe(struct connection *connection, const struct frame *frame) {
    struct text destination = header(frame, "destination"), id = header(frame, "id");
    if (connection->user_id == 0 || id.count == 0 || id.count > ID_MAX_BYTES ||
        destination.count > ID_MAX_BYTES) {
        chat.stray_frames++;
    } else if (starts_with(destination, "/application/")) {
        answer_relay(connection, destination, id);
    } else if (equals(destination, "/user/queue/errors")) {
        free(connection->errors_subscription);
        connection->errors_subscription = copy(id);
    } else {
        subscribe_topic(connection, destination, id);
        queue_receipt(connection, frame);
    }
}

/* Complete an action by an event on the user's `channels` topic. */
static void complete_with_channel(struct connection *connection, const struct frame *frame,
                                  const char *type, uint32_t channel_id) {
    char body[RESOURCE_MAX_BYTES], extra[ID_MAX_BYTES + 128], ack[ACK_ID_BYTES + 1];
    struct text receipt = header(frame, "receipt");
    if (connection->channels_subscription == NULL)
        return;
    snprintf(ack, sizeof ack, "%08x-%018llx", connection->number,
             (unsigned long long)delivery_number + 1);
    int extra_bytes = snprintf(extra, sizeof extra, "ack:%s\nreceipt-id:%.*s\n", ack,
                               (int)receipt.count, receipt.at);
    struct answer answer = {
        .destination = {connection->channels_destination,
                        strlen(connection->channels_destination)},
        .subscription = {connection->channels_subscription,
                         strlen(connection->channels_subscription)},
        .extra = {extra, (size_t)extra_bytes},
        .body = body,
        .body_bytes = channel_resource(body, sizeof body, type, channel_id),
    };
    queue_answer(connection, &answer);
}

static void serve_send(struct connection *connection, const struct frame *frame) {
    struct text destination = header(frame, "destination");
    uint32_t channel_id = id_after(destination, "/application/channels/");
    if (connection->user_id == 0) {
        chat.stray_frames++;
        return;
    }
    queue_receipt(connection, frame);
    if (equals(destination, "/application/user.create_channel")) {
        bool is_new;
        uint32_t id = channel_id_of(json_value(frame->body, "\"name\":", '"'), &is_new);
        complete_with_channel(connection, frame,
                              is_new ? "user.channel.created" : "user.channel.upserted", id);
    } else if (channel_id != 0 && ends_with(destination, ".join")) {
        complete_with_channel(connection, frame, "user.channel.joined", channel_id);
    } else if (channel_id != 0 && ends_with(destination, ".message") && settings.is_fanning_out) {
        publish(connection, frame, channel_id);
    } else if (!ends_with(destination, ".keystrokes") && !ends_with(destination, ".read")) {
        queue_error(connection, "receipt-id", header(frame, "receipt"), "ClientError",
                    "the feeder does not serve this action");
    }
}

static void serve_ack(struct connection *connection, const struct frame *frame) {
    char number[9];
    struct text id = header(frame, "id");
    chat.acks++;
    write_hex(number, connection->number, 8);
    if (id.count == ACK_ID_BYTES && memcmp(id.at, number, 8) == 0)
        chat.acks_known++;
}

void chat_receive(struct connection *connection, char *text, size_t count) {
    struct frame frame;
    ptrdiff_t taken;
    while (count > 0 && (taken = read_frame(text, count, &frame)) != 0) {
        if (taken < 0) {
            chat.stray_frames++;
            return;
        }
        text += taken;
        count -= (size_t)taken;
        if (equals(frame.command, "ACK"))
            serve_ack(connection, &frame);
        else if (equals(frame.command, "SUBSCRIBE"))
            serve_subscribe(connection, &frame);
        else if (equals(frame.command, "SEND"))
            serve_send(connection, &frame);
        else if (equals(frame.command, "UNSUBSCRIBE"))
            unsubscribe(connection, header(&frame, "id"));
        else if (equals(frame.command, "CONNECT"))
            serve_connect(connection, &frame);
        else if (equals(frame.command, "DISCONNECT"))
            queue_receipt(connection, &frame);
        else
            chat.stray_frames++;
    }
}
