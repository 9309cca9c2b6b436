#include "server/blocking/blocking_pool.h"

#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace slipway::server {

/// One unary call on its way through the pool. `mutex` guards what the caller's thread and the
/// worker both touch: whether the worker has begun, and with which context.
struct BlockingPool::Job {
  rpc::CallSpec spec;
  std::string request;
  rpc::Executor* caller;
  rpc::WaitSlot answered;  // on the caller's executor

  std::mutex mutex;
  bool cancelled = false;                 // guarded by mutex
  rpc::ThreadExecutor* worker = nullptr;  // guarded by mutex; set while it runs
  rpc::CallContext* running = nullptr;    // guarded by mutex; used on the worker's thread

  // Written by the worker before it posts to the caller.
  rpc::Status status;
  std::optional<std::string> response;
  rpc::Metadata initial_metadata;
  rpc::Metadata trailers;

  static void Cancel(const std::shared_ptr<Job>& job) {
    std::lock_guard lock(job->mutex);
    job->cancelled = true;
    if (job->worker == nullptr) return;
    job->worker->Post([job] {
      std::unique_lock running_lock(job->mutex);
      rpc::CallContext* context = job->running;
      running_lock.unlock();
      if (context != nullptr) context->Cancel();
    });
  }
};

namespace {

/// A unary call's two messages, in memory.
class UnaryStream : public rpc::ServerStream {
 public:
  explicit UnaryStream(std::string request) : request_(std::move(request)) {}
  std::optional<std::string> response;

 protected:
  bool Ready(Op) const override { return true; }
  std::optional<std::string> TakeMessage() override {
    return std::exchange(request_, std::nullopt);
  }
  bool PutMessage(std::string message) override {
    response = std::move(message);
    return true;
  }

 private:
  std::optional<std::string> request_;
};

rpc::Task<void> Await(rpc::Task<rpc::Status> task, rpc::Status& status, bool& done) {
  status = co_await std::move(task);
  done = true;
}

}  // namespace

BlockingPool::BlockingPool(int workers, std::shared_ptr<const rpc::Dispatcher> inner)
    : inner_(std::move(inner)) {
  try {
    for (int i = 0; i < workers; ++i) threads_.emplace_back([this] { Work(); });
  } catch (const std::exception& error) {
    started_ = absl::ResourceExhaustedError(
        absl::StrCat("--workers ", workers, ": the system gives no more than ", threads_.size(),
                     " of these threads (", error.what(), "; see ulimit -u)"));
  }
}

BlockingPool::~BlockingPool() {
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

std::shared_ptr<const rpc::Dispatcher> BlockingPool::Dispatch() {
  rpc::Dispatcher::Builder builder;
  for (const rpc::Method& method : inner_->methods()) {
    if (method.kind != rpc::MethodKind::kUnary) {
      builder.Add({method.path, method.kind,
                   [inner = inner_](rpc::CallContext& context, rpc::ServerStream& stream) {
                     return inner->Serve(context, stream);
                   }});
      continue;
    }
    builder.Add(
        {method.path, method.kind, [this](rpc::CallContext& context, rpc::ServerStream& stream) {
           return Serve(context, stream);
         }});
  }
  return std::move(builder).Build();
}

rpc::Task<rpc::Status> BlockingPool::Serve(rpc::CallContext& context, rpc::ServerStream& stream) {
  std::optional<std::string> request = co_await stream.Read();
  if (!request)
    co_return rpc::Status(absl::StatusCode::kInternal, "the request message is missing");
  auto job = std::make_shared<Job>();
  job->spec = {context.method(), context.metadata(), context.deadline(), context.peer()};
  job->request = *std::move(request);
  job->caller = &context.executor();
  rpc::CallContext::CancelHook hook(context, [job] { Job::Cancel(job); });
  Enqueue(job);
  co_await job->answered.Wait();
  for (const auto& [key, value] : job->initial_metadata) context.AddInitialMetadata(key, value);
  for (const auto& [key, value] : job->trailers) context.AddTrailer(key, value);
  if (job->response) co_await stream.Write(*std::move(job->response));
  co_return job->status;
}

void BlockingPool::Enqueue(std::shared_ptr<Job> job) {
  {
    std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(job));
  }
  changed_.notify_one();
}

std::shared_ptr<BlockingPool::Job> BlockingPool::Next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopped_ || !waiting_.empty(); });
  if (waiting_.empty()) return nullptr;
  std::shared_ptr<Job> job = std::move(waiting_.front());
  waiting_.pop_front();
  return job;
}

void BlockingPool::Work() {
  while (std::shared_ptr<Job> job = Next()) {
    RunJob(*inner_, *job);
    job->caller->Post([job] { job->answered.Wake(); });
  }
}

void BlockingPool::RunJob(const rpc::Dispatcher& inner, Job& job) {
  rpc::ThreadExecutor executor;
  rpc::CallContext context(executor, std::move(job.spec));
  UnaryStream stream(std::move(job.request));
  {
    std::lock_guard lock(job.mutex);
    if (job.cancelled) context.Cancel();
    job.worker = &executor;
    job.running = &context;
  }
  bool done = false;
  rpc::Spawn(Await(inner.Serve(context, stream), job.status, done));
  executor.RunUntil(done);
  std::lock_guard lock(job.mutex);
  job.worker = nullptr;
  job.running = nullptr;
  job.response = std::move(stream.response);
  job.initial_metadata = context.initial_metadata();
  job.trailers = context.trailers();
}

}  // namespace slipway::server
